import type { Spread } from '../measure/contest.ts';
import { COLOURS, escapeXml, frame } from './svg-frame.ts';

/** One bar: how many times as good as a peer, with the lowest and highest round. */
export interface Ratio {
  readonly label: string;
  readonly peer: string;
  readonly measured: Spread;
  readonly goal: number;
}

const WIDTH = 860;
const LEFT = 330;
const RIGHT = 90;
const TOP = 70;
const ROW = 40;
const TICKS = [0.1, 0.5, 1, 2, 5, 10, 25];

/** Bars from 1 (the peer), on a logarithmic axis; the goal as a dashed line across each. */
export function ratioPlot(title: string, ratios: readonly Ratio[]): string {
  const values = ratios.flatMap(({ measured, goal }) => [measured.min, measured.max, goal, 1]);
  const [low, high] = [Math.min(...values) * 0.8, Math.max(...values) * 1.2];
  const x = (value: number): number =>
    Math.round((LEFT + (Math.log(value / low) / Math.log(high / low)) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
  const bottom = TOP + ratios.length * ROW;
  const ticks = TICKS.filter((tick) => tick >= low && tick <= high);
  const parts = [
    `<text class="title" x="20" y="28">${escapeXml(title)}</text>`,
    `<text x="20" y="50">median of the rounds, lowest and highest; dashed: the goal; 1 × is the peer</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>`,
      `<text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${tick} ×</text>`,
    ]),
    ...ratios.flatMap((ratio, i) => bar(ratio, TOP + i * ROW, x)),
    `<line class="whisker" x1="${x(1)}" x2="${x(1)}" y1="${TOP - 6}" y2="${bottom}"/>`,
  ];
  return frame({ width: WIDTH, height: bottom + 34, label: title }, parts);
}

function bar({ label, peer, measured, goal }: Ratio, top: number, x: (value: number) => number): string[] {
  const { min, median, max } = measured;
  const colour = median >= goal ? COLOURS[2] : median >= 1 ? COLOURS[0] : COLOURS[1];
  const [from, to] = [Math.min(x(1), x(median)), Math.max(x(1), x(median))];
  const middle = top + 15;
  return [
    `<text class="strong" x="20" y="${top + 13}">${escapeXml(label)}</text>`,
    `<text x="20" y="${top + 29}">beside ${escapeXml(peer)}</text>`,
    `<rect x="${from}" y="${top + 4}" width="${Math.max(1, to - from)}" height="22" rx="3" fill="${colour}"/>`,
    `<line class="whisker" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>`,
    `<line class="limit" x1="${x(goal)}" x2="${x(goal)}" y1="${top}" y2="${top + 30}"/>`,
    `<text class="strong" x="${Math.max(x(max), x(goal)) + 8}" y="${middle + 5}">${median.toLocaleString('en', { maximumSignificantDigits: 2 })} ×</text>`,
  ];
}
