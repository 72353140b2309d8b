import { formatShare } from './format-number.ts';

/** What one chart measures decides where its axis may have a line and how that is written. */
export type Unit = 'count' | 'ms' | 'usd' | 'share';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** 1, 2, 5, 10, 20, 50, … from 10^`from` below 10^`to`. */
function decimals(from: number, to: number): readonly number[] {
  const sizes = Array.from({ length: to - from }, (_, index) => 10 ** (from + index));
  return sizes.flatMap((size) => [1, 2, 5].map((digit) => (size < 1 ? digit / Math.round(1 / size) : digit * size)));
}

const times = (unitMs: number, ...counts: readonly number[]): readonly number[] => counts.map((each) => each * unitMs);

/** Distances between two lines of an axis, in ascending order. */
export const AXIS_STEPS: Readonly<Record<Unit, readonly number[]>> = {
  // There is no quarter of a call.
  count: decimals(0, 16),
  // A minute has 60 seconds: tens do not end on whole ones.
  ms: [
    ...decimals(-2, 3),
    ...times(SECOND_MS, 1, 2, 5, 10, 15, 30),
    ...times(MINUTE_MS, 1, 2, 5, 10, 15, 30),
    ...times(HOUR_MS, 1, 2, 3, 6, 12),
    ...times(DAY_MS, 1, 2, 5, 10, 20, 50, 100),
  ],
  usd: decimals(-9, 12),
  share: decimals(-6, 2),
};

/** Ticks of a share are round: 50%, and not 50.0%. */
export function axisShare(share: number): string {
  return formatShare(share).replace('.0%', '%');
}

/** A time on an axis, which is a whole number of some unit: `500 ms`, `15 s`, `1:30 min`, `2 h`. */
export function axisMs(ms: number): string {
  const gap = '\u202f';
  if (ms < SECOND_MS) return `${Number(ms.toPrecision(3))}${gap}ms`;
  if (ms < MINUTE_MS) return `${Number((ms / SECOND_MS).toPrecision(3))}${gap}s`;
  const [unitMs, name, partMs] =
    ms < HOUR_MS ? [MINUTE_MS, 'min', SECOND_MS] : ms < DAY_MS ? [HOUR_MS, 'h', MINUTE_MS] : [DAY_MS, 'd', HOUR_MS];
  const whole = Math.floor(ms / unitMs);
  const rest = Math.round((ms % unitMs) / partMs);
  return rest === 0 ? `${whole}${gap}${name}` : `${whole}:${String(rest).padStart(2, '0')}${gap}${name}`;
}
