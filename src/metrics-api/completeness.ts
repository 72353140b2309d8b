import { formatInstant } from '../events/timestamp.ts';
import type { KnownState } from './current-answers.ts';

/** How far an answer can be trusted, on every answer with rows. */
export interface Completeness {
  /** Everything committed by then is in the answer. */
  readonly as_of: string;
  /** Log time up to which every event is included; null before the first event. */
  readonly complete_until: string | null;
  readonly lag_ms: number | null;
}

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

/** The text of a JSON object with the fields of `completeness` after its own. */
export function withCompleteness(objectText: string, state: KnownState): string {
  const more = JSON.stringify(completeness(state)).slice(1);
  return objectText === '{}' ? `{${more}` : `${objectText.slice(0, -1)},${more}`;
}
