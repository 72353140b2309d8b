import { COLOURS, escapeXml, frame } from './svg-frame.ts';

export interface TimePanel {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

export interface TimePlot {
  readonly title: string;
  /** The instants of all values, in minutes. */
  readonly minutes: readonly number[];
  /** One below the other, each with a scale of its own that begins at 0. */
  readonly panels: readonly TimePanel[];
}

const WIDTH = 900;
const LEFT = 70;
const RIGHT = 240;
const TOP = 50;
const PANEL = 150;
const GAP = 40;
const TICKS_MAX = 10;

/** How something went over time. */
export function timePlot({ title, minutes, panels }: TimePlot): string {
  const end = Math.max(...minutes);
  const x = (minute: number): number => round(LEFT + (minute / end) * (WIDTH - LEFT - RIGHT));
  const bottom = TOP + panels.length * (PANEL + GAP) - GAP;
  const step = niceStep(end);
  const parts = [
    `<text class="title" x="${LEFT}" y="26">${escapeXml(title)}</text>`,
    ...panels.flatMap((panel, i) => drawn(panel, { minutes, x, top: TOP + i * (PANEL + GAP) })),
    ...ticks(end, step).map(
      (minute) => `<text x="${x(minute)}" y="${bottom + 18}" text-anchor="middle">${minute}</text>`,
    ),
    `<text x="${WIDTH - RIGHT}" y="${bottom + 36}" text-anchor="end">minutes</text>`,
  ];
  return frame({ width: WIDTH, height: bottom + 46, label: title }, parts);
}

interface Place {
  readonly minutes: readonly number[];
  readonly x: (minute: number) => number;
  readonly top: number;
}

function drawn({ title, lines }: TimePanel, { minutes, x, top }: Place): string[] {
  const highest = Math.max(...lines.flatMap(({ values }) => values.filter(Number.isFinite)), Number.MIN_VALUE);
  const step = niceStep(highest, 4);
  const limit = Math.ceil(highest / step) * step;
  const y = (value: number): number => round(top + PANEL - (value / limit) * (PANEL - 20));
  return [
    `<text class="strong" x="${LEFT}" y="${top + 8}">${escapeXml(title)}</text>`,
    ...ticks(limit, step).flatMap((value) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ]),
    ...lines.flatMap(({ name, values }, i) => {
      const colour = COLOURS[i % COLOURS.length];
      const points = values.flatMap((value, at) =>
        Number.isFinite(value) ? [`${x(minutes[at] ?? 0)} ${y(value)}`] : [],
      );
      return [
        `<path d="M${points.join('L')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
        `<rect x="${WIDTH - RIGHT + 20}" y="${top + 20 + i * 22}" width="12" height="12" rx="2" fill="${colour}"/>`,
        `<text x="${WIDTH - RIGHT + 40}" y="${top + 31 + i * 22}">${escapeXml(name)}</text>`,
      ];
    }),
  ];
}

/** 1, 2 or 5 times a power of ten, so that there are not too many of them up to the end. */
function niceStep(end: number, count = TICKS_MAX): number {
  const power = 10 ** Math.floor(Math.log10(end / count));
  return power * ([1, 2, 5].find((factor) => end / (power * factor) <= count) ?? 10);
}

function ticks(end: number, step: number): number[] {
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
