import { COLOURS, escapeXml, frame } from './svg-frame.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinePlot {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
  /** A horizontal line that says what is promised. */
  readonly limit?: { readonly y: number; readonly name: string };
}

const WIDTH = 860;
const HEIGHT = 440;
const LEFT = 80;
const RIGHT = 250;
const TOP = 60;
const BOTTOM = 60;

/** Both axes logarithmic. */
export function linePlot({ title, xTitle, yTitle, lines, limit }: LinePlot): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const ys = [...lines.flatMap(({ points }) => points.map(([, y]) => y)), ...(limit === undefined ? [] : [limit.y])];
  const x = scale(Math.min(...xs), Math.max(...xs), [LEFT, WIDTH - RIGHT]);
  const y = scale(10 ** Math.floor(Math.log10(Math.min(...ys))), 10 ** Math.ceil(Math.log10(Math.max(...ys))), [
    HEIGHT - BOTTOM,
    TOP,
  ]);
  const parts = [
    `<text class="title" x="${LEFT}" y="30">${escapeXml(title)}</text>`,
    `<text x="${LEFT}" y="${TOP - 12}">${escapeXml(yTitle)}</text>`,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 14}" text-anchor="end">${escapeXml(xTitle)}</text>`,
    ...[...new Set(xs)].map(
      (value) => `<text x="${x(value)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${value}</text>`,
    ),
    ...decades(Math.min(...ys), Math.max(...ys)).flatMap((value) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ]),
    ...(limit === undefined
      ? []
      : [
          `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(limit.y)}" y2="${y(limit.y)}"/>`,
          `<text x="${LEFT + 6}" y="${y(limit.y) - 6}">${escapeXml(limit.name)}</text>`,
        ]),
    ...lines.flatMap((line, i) => drawn(line, COLOURS[i % COLOURS.length] as string, { x, y })),
    ...legend(lines),
  ];
  return frame({ width: WIDTH, height: HEIGHT, label: title }, parts);
}

type Scale = (value: number) => number;

function scale(from: number, to: number, [start, end]: readonly [number, number]): Scale {
  const [low, high] = [Math.log(from), Math.log(to)];
  return (value) => Math.round((start + ((Math.log(value) - low) / (high - low || 1)) * (end - start)) * 10) / 10;
}

function drawn({ points }: Line, colour: string, { x, y }: { x: Scale; y: Scale }): string[] {
  const path = points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${x(px)} ${y(py)}`).join(' ');
  const dots = points.map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="3" fill="${colour}"/>`);
  return [`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`, ...dots];
}

function legend(lines: readonly Line[]): string[] {
  const left = WIDTH - RIGHT + 20;
  return lines.flatMap(({ name }, i) => [
    `<rect x="${left}" y="${TOP + i * 24}" width="12" height="12" rx="2" fill="${COLOURS[i % COLOURS.length]}"/>`,
    `<text x="${left + 20}" y="${TOP + i * 24 + 11}">${escapeXml(name)}</text>`,
  ]);
}

function decades(min: number, max: number): number[] {
  const found: number[] = [];
  for (let value = 10 ** Math.floor(Math.log10(min)); value <= 10 ** Math.ceil(Math.log10(max)); value *= 10)
    found.push(value);
  return found;
}
