import { invalidQuery } from '../../http/invalid-query.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { type RangeParameters, type RangeRules, rangeOf } from './range-of.ts';

export interface ComparedParameters extends RangeParameters {
  readonly from: string;
  readonly compare_from?: string;
  readonly compare_to?: string;
}

/** A range, and what it is compared with: as much time just before, unless told otherwise. @throws {Problem} 400 */
export function comparedRangesOf(
  { from, to, compare_from: comparedFrom, compare_to: comparedTo }: ComparedParameters,
  rules: RangeRules,
): { readonly range: TimeRange; readonly compared: TimeRange } {
  if (comparedFrom === undefined && comparedTo !== undefined) {
    throw invalidQuery([{ path: '/compare_to', message: 'needs compare_from' }]);
  }
  const range = rangeOf({ from, ...(to === undefined ? {} : { to }) }, rules);
  const lengthMs = range.toMs - range.fromMs;
  if (comparedFrom === undefined) {
    return { range, compared: { fromMs: Math.max(0, range.fromMs - lengthMs), toMs: range.fromMs } };
  }
  const comparedRules = { ...rules, prefix: 'compare_' };
  if (comparedTo !== undefined) {
    return { range, compared: rangeOf({ from: comparedFrom, to: comparedTo }, comparedRules) };
  }
  const { fromMs } = rangeOf({ from: comparedFrom }, comparedRules);
  return { range, compared: { fromMs, toMs: fromMs + lengthMs } };
}
