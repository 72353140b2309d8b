import { invalidQuery } from '../../http/invalid-query.ts';
import { parseInstantMs } from '../../http/parse-query.ts';
import type { TimeRange } from '../../tally/steps.ts';
import type { TimeZone } from '../../tally/time-zone.ts';
import { END_OF_TIME_MS } from '../answers/audit-json.ts';

export interface RangeParameters {
  readonly from?: string;
  readonly to?: string;
}

export interface RangeRules {
  readonly nowMs: number;
  /** The range is widened to multiples of this. */
  readonly unitMs: number;
  /** Whose clocks instants without an offset mean; null: there may be none. */
  readonly zone?: TimeZone | null;
  /** What an absent `to` means; the end of time unless told otherwise. */
  readonly defaultToMs?: number;
  /** Before the names of its parameters, where it is not the only range. */
  readonly prefix?: string;
}

/** From the beginning where `from` is absent. @throws {Problem} 400 */
export function rangeOf(
  { from, to }: RangeParameters,
  { nowMs, unitMs, zone = null, defaultToMs = END_OF_TIME_MS, prefix = '' }: RangeRules,
): TimeRange {
  const fromMs = from === undefined ? 0 : instantMs(`${prefix}from`, from, nowMs, zone);
  const toMs = to === undefined ? Math.max(defaultToMs, fromMs) : instantMs(`${prefix}to`, to, nowMs, zone);
  if (fromMs > toMs) throw invalidQuery([{ path: `/${prefix}from`, message: `must not be after ${prefix}to` }]);
  return { fromMs: Math.floor(fromMs / unitMs) * unitMs, toMs: Math.ceil(toMs / unitMs) * unitMs };
}

const LOCAL = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?$/;

function instantMs(name: string, text: string, nowMs: number, zone: TimeZone | null): number {
  const [, date, time = '00:00'] = LOCAL.exec(text) ?? [];
  if (date === undefined) return parseInstantMs(name, text, nowMs);
  if (zone === null) {
    const message = 'needs an offset such as Z or +02:00, or the parameter timezone';
    throw invalidQuery([{ path: `/${name}`, message }]);
  }
  const seconds = time.length === 5 ? `${time}:00` : time;
  return Math.max(0, zone.instantOf(parseInstantMs(name, `${date}T${seconds}Z`, nowMs)));
}
