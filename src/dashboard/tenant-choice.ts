import type { DimensionValue } from './api-answers.ts';
import type { View } from './view.ts';

/**
 * Who is shown where nobody was chosen. Several: all of them, since that is the same page tomorrow and for whoever gets
 * its link, and says which tenant to look at; the busiest or newest one would be a matter of chance. The only one: that
 * one, with its single calls. Undefined: it is not known yet, or there is none.
 */
export function tenantShown(chosen: string | null, seen: readonly DimensionValue[] | null): string | null | undefined {
  if (chosen !== null) return chosen;
  if (seen === null || seen.length === 0) return undefined;
  return seen.length === 1 ? seen[0]?.value : null;
}

/** The choice of all is of use where there are several, and where one is shown that the reader may not see. */
export function areAllOffered(chosen: string | null, seen: readonly DimensionValue[]): boolean {
  return seen.length > 1 || !seen.some(({ value }) => value === chosen);
}

/** One tenant after another has routes and users of its own; all together have those of each. */
export function choiceOf(tenant: string | null): Partial<View> {
  return tenant === null ? { tenant, call: null } : { tenant, route: null, model: null, only: null, call: null };
}

/** When a call of anybody came last. */
export function lastActivityMs(seen: readonly DimensionValue[], tenant: string | null): number | null {
  const times = seen.filter(({ value }) => tenant === null || value === tenant).map((one) => one.last_activity);
  return times.length === 0 ? null : Math.max(...times.map((time) => Date.parse(time)));
}
