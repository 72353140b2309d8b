import { applicationIn } from './application.ts';
import type { Folded } from './folded.ts';
import { fillGaps, isSameUse } from './merge-facts.ts';
import { foldRecordsBelow, foldRecordsBeside, hasRecords } from './recorded-calls.ts';
import { foldRepeated } from './repeated-calls.ts';
import { type Report, recordRoleOf, requestIdOf } from './report.ts';
import { callOf, type TraceCall } from './trace-call.ts';
import { TraceTree } from './trace-tree.ts';
import { foldTraceTwins } from './trace-twins.ts';
import { foldWireCopies } from './wire-copies.ts';

/** Instrumentations nest two or three deep. */
const NESTING_MAX = 16;

/** The calls of one trace, and which reports another one stands for. */
export interface TraceResolution {
  readonly calls: readonly TraceCall[];
  readonly folded: readonly Folded[];
}

/**
 * Makes one call of all reports of one trace that are about it, whatever order they are in. One report per span:
 * versions were told apart before. In this order:
 *
 * 1. LiteLLM's copy of the wire request belongs to the call above it;
 * 2. of calls that contain each other the **inner** one stands, for it is nearer to the wire; the outer one fills gaps.
 *    A sum of calls counts only where nothing below it does;
 * 3. a log record of a call, or of its exception, belongs to the call that ended about then (`recorded-calls.ts`);
 * 4. a call that its writer wrote twice is one (`repeated-calls.ts`);
 * 5. two instrumentations side by side are found by response id, or by time (`trace-twins.ts`).
 */
export function callsOfTrace(reports: readonly Report[]): TraceResolution {
  const [first] = reports;
  // Nothing is above it.
  if (first !== undefined && reports.length === 1) {
    return first.kind === 'context' ? NOTHING : { calls: [callOf(first)], folded: [] };
  }
  const candidates = reports.filter(({ kind }) => kind !== 'context');
  const [only] = candidates;
  if (only === undefined) return NOTHING;
  const tree = new TraceTree(reports);
  if (candidates.length === 1) return { calls: [named(callOf(only), tree)], folded: [] };
  const folded: Folded[] = [];
  const inOrder = candidates.toSorted(byStart).map(callOf);
  const whole = foldWireCopies(inOrder, tree, folded);
  const calls = hasRecords(whole) ? foldRecords(whole, tree, folded) : foldNested(whole, tree, folded);
  return { calls: foldTraceTwins(foldRepeated(calls, folded), folded).map((call) => named(call, tree)), folded };
}

const NOTHING: TraceResolution = { calls: [], folded: [] };

function byStart(a: Report, b: Report): number {
  return a.start_ms - b.start_ms || (a.span_id < b.span_id ? -1 : 1);
}

function named(call: TraceCall, tree: TraceTree): TraceCall {
  const above = new Set(call.members.flatMap((member) => tree.ancestorsOf(member)));
  for (const member of call.members) above.delete(member);
  const application = applicationIn(call, tree);
  return above.size + application.length === 0 ? call : { ...call, above: [...above], application };
}

function foldRecords(whole: readonly TraceCall[], tree: TraceTree, folded: Folded[]): readonly TraceCall[] {
  const { records = [], spans = [] } = Object.groupBy(foldRecordsBelow(whole, tree, folded), ({ head }) =>
    recordRoleOf(head) === null ? 'spans' : 'records',
  );
  const calls = foldRecordsBeside([...foldNested(spans, tree, folded), ...records], 'details', folded);
  // What is left may be all that tells of a call that an agent adds up.
  return foldRecordsBeside(foldNested(calls, tree, folded), 'exception', folded);
}

/** A call with calls below it is not counted; it fills the gaps of an only child. */
function foldNested(candidates: readonly TraceCall[], tree: TraceTree, folded: Folded[]): readonly TraceCall[] {
  const byHead = new Map(candidates.map((candidate) => [candidate.head, candidate]));
  const outerOf = new Map<TraceCall, TraceCall>();
  const innerCount = new Map<TraceCall, number>();
  for (const candidate of candidates) {
    // A copy of the wire request that is left over is a call beside the one that is written on the application's span.
    if (candidate.head.kind === 'wire' && recordRoleOf(candidate.head) !== 'details') continue;
    const outer = tree
      .ancestorsOf(candidate.head)
      .map((report) => byHead.get(report))
      .find((ancestor) => ancestor !== undefined);
    if (outer === undefined) continue;
    outerOf.set(candidate, outer);
    innerCount.set(outer, (innerCount.get(outer) ?? 0) + 1);
  }
  if (outerOf.size === 0) return candidates;
  const isFolded = new Set<TraceCall>();
  return candidates
    .filter((candidate) => !innerCount.has(candidate))
    .map((inner) => {
      let call = inner;
      let isOnly = true;
      let outer = outerOf.get(inner);
      for (let depth = 0; outer !== undefined && depth < NESTING_MAX; depth++) {
        isOnly &&= innerCount.get(outer) === 1;
        call = withOuter(call, outer, isOnly);
        if (!isFolded.has(outer)) {
          isFolded.add(outer);
          folded.push({
            report: outer.head,
            into: requestIdOf(inner.head),
            rule: 'a call around a call: the inner counts',
          });
        }
        outer = outerOf.get(outer);
      }
      return call;
    });
}

/**
 * A sum around several calls reports the last of them or all together: nothing of it is any one call's. What may be a
 * sum is the call where there is one only, and both count the same.
 */
function withOuter(inner: TraceCall, outer: TraceCall, isOnly: boolean): TraceCall {
  const members = [...inner.members, ...outer.members];
  if (!isOnly) return { ...inner, members, shared: [...inner.shared, ...outer.members] };
  if (outer.head.kind !== 'call' && !isSameUse(inner.facts, outer.facts)) return { ...inner, members };
  return {
    ...inner,
    members,
    facts: fillGaps(inner.facts, outer.facts),
    responseId: inner.responseId ?? outer.responseId,
    durationMs: inner.durationMs,
  };
}
