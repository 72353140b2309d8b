import { ERROR_KINDS, type ErrorKind, type FailureKind } from '../events/error-kind.ts';
import { Tally } from '../tally/tally.ts';

/** Where a failure of a kind is counted beside `errors`; what is left of those is of the kind `other`. */
export const ERROR_SUMS = {
  rate_limit: 'errorsRateLimit',
  timeout: 'errorsTimeout',
  auth: 'errorsAuth',
  invalid_request: 'errorsInvalidRequest',
  content_filter: 'errorsContentFilter',
  server: 'errorsServer',
} as const satisfies Partial<Record<ErrorKind, keyof Tally>>;

type SummedKind = keyof typeof ERROR_SUMS;
const SUMMED_KINDS = Object.keys(ERROR_SUMS) as readonly SummedKind[];

const NO_ERRORS: Readonly<Record<FailureKind, number>> = {
  rate_limit: 0,
  timeout: 0,
  auth: 0,
  invalid_request: 0,
  content_filter: 0,
  server: 0,
  other: 0,
};

/** Adds up to `errors`. */
export function errorsByKind(tally: Tally): Readonly<Record<FailureKind, number>> {
  // A copy of all kinds: made from pairs, it took a tenth of an answer's time.
  const counts: Record<FailureKind, number> = { ...NO_ERRORS };
  let other = tally.errors;
  for (const kind of SUMMED_KINDS) {
    const count = tally[ERROR_SUMS[kind]];
    counts[kind] = count;
    other -= count;
  }
  counts.other = other;
  return counts;
}

/**
 * The counts of a tally for each way to end that occurred, `''` being without an error or without an end so far. They
 * add up to the counts of the whole. All else of a tally is not kept by kind and stays at zero: latencies, tokens,
 * cost.
 */
export function splitByErrorKind(whole: Tally): readonly (readonly [kind: ErrorKind | '', part: Tally])[] {
  const failures = errorsByKind(whole);
  const parts = new Map<ErrorKind | '', Tally>();
  const rest = new Tally();
  rest.requests = whole.requests;
  rest.completed = whole.completed;
  rest.unanswered = whole.unanswered;
  for (const kind of ERROR_KINDS) {
    const count = kind === 'cancelled' ? whole.cancelled : failures[kind];
    rest.requests -= count;
    rest.completed -= count;
    if (count !== 0) parts.set(kind, partOf(kind, count));
  }
  if (rest.requests !== 0) parts.set('', rest);
  return [...parts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function partOf(kind: ErrorKind, count: number): Tally {
  const part = new Tally();
  part.requests = count;
  part.completed = count;
  if (kind === 'cancelled') part.cancelled = count;
  else part.errors = count;
  if (kind in ERROR_SUMS) part[ERROR_SUMS[kind as SummedKind]] = count;
  return part;
}
