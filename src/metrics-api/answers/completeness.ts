import { formatInstant } from '../../events/timestamp.ts';
import type { Completeness } from '../contract/answers.ts';
import type { KnownState } from '../current-answers.ts';

/** How far an answer can be trusted, on every answer with rows. */
export function completeness({ asOfMs, completeThroughMs }: KnownState): Completeness {
  const asOf = formatInstant(asOfMs);
  // 0: a partition has committed before all its topics were read once.
  if (completeThroughMs === null || completeThroughMs === 0) return { as_of: asOf, complete_until: null, lag_ms: null };
  return {
    as_of: asOf,
    complete_until: formatInstant(completeThroughMs),
    lag_ms: Math.max(0, asOfMs - completeThroughMs),
  };
}
