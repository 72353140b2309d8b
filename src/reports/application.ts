import type { Report } from './report.ts';
import type { TraceCall } from './trace-call.ts';
import type { TraceTree } from './trace-tree.ts';

/**
 * Whose a call is, the application says that made it, and not the gateway that it went through: a gateway has names of
 * its own, a service and the route that it serves, which are the same for all its callers.
 *
 * @returns of a call that several processes tell of, the reports of the outermost of them, nearest first, and what lies
 *   above these; else nothing
 */
export function applicationIn({ members }: Pick<TraceCall, 'members'>, tree: TraceTree): readonly Report[] {
  if (!areOfSeveral(members)) return NOBODY;
  const calls = members.filter(({ kind }) => kind === 'call');
  const candidates = calls.length > 0 ? calls : members;
  const known = new Set(candidates);
  const outermost = candidates.filter((report) => !tree.ancestorsOf(report).some((above) => known.has(above)));
  const { process } = longest(outermost.length > 0 ? outermost : candidates, ({ duration_ms }) => duration_ms);
  const own = members.filter((report) => report.process === process);
  const others = new Set(members.filter((report) => report.process !== process));
  const above = own.flatMap((report) => tree.ancestorsOf(report)).filter((report) => !others.has(report));
  return [...new Set([...own, ...above])];
}

/** Likewise of a call that several traces tell of: who waited for longest called the others. */
export function applicationAmong(calls: readonly TraceCall[]): readonly Report[] {
  const [only] = calls;
  if (only === undefined || calls.length === 1) return only?.application ?? NOBODY;
  if (!areOfSeveral(calls.flatMap(({ members }) => members))) return NOBODY;
  const { application, members, above } = longest(calls, ({ durationMs }) => durationMs);
  return application.length > 0 ? application : [...members, ...above];
}

const NOBODY: readonly Report[] = [];

function areOfSeveral(reports: readonly Report[]): boolean {
  return reports.some(({ process }) => process !== reports[0]?.process);
}

/** The first of those that lasted for longest. */
function longest<Item>(items: readonly Item[], durationMsOf: (item: Item) => number | null): Item {
  return items.reduce((best, item) => ((durationMsOf(item) ?? 0) > (durationMsOf(best) ?? 0) ? item : best));
}
