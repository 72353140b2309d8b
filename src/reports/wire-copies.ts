import type { Folded } from './folded.ts';
import { type Report, recordRoleOf } from './report.ts';
import { endMsOf, type TraceCall } from './trace-call.ts';
import type { TraceTree } from './trace-tree.ts';

/**
 * LiteLLM writes a call's attributes onto the application's own span when that is open. That span lasts as long as the
 * application's request, so start and duration are taken from the copy of the wire request below it. Of several calls
 * the last one has overwritten the attributes of the others: those are counted from their copies.
 */
export function foldWireCopies(
  candidates: readonly TraceCall[],
  tree: TraceTree,
  folded: Folded[],
): readonly TraceCall[] {
  const copiesOf = copiesByCall(candidates, tree);
  if (copiesOf.size === 0) return candidates;
  const replaced = new Map<TraceCall, TraceCall>();
  const dropped = new Set<TraceCall>();
  for (const [call, copies] of copiesOf) {
    const own = copies.find(({ responseId }) => responseId === call.responseId) ?? copies.at(-1);
    if (own === undefined) continue;
    const isBorrowed = call.head.is_on_application_span === true;
    if (isBorrowed) {
      const { startMs, durationMs } = own;
      replaced.set(call, { ...call, startMs, durationMs, members: [...call.members, own.head] });
    }
    for (const copy of isBorrowed ? [own] : copies) {
      dropped.add(copy);
      folded.push({ report: copy.head, into: call.id, rule: 'raw request below its LiteLLM call' });
    }
  }
  return candidates
    .filter((candidate) => !dropped.has(candidate))
    .map((candidate) => replaced.get(candidate) ?? candidate);
}

/** The copies below each call, in the order in which they ended. */
function copiesByCall(candidates: readonly TraceCall[], tree: TraceTree): ReadonlyMap<TraceCall, TraceCall[]> {
  const copiesOf = new Map<TraceCall, TraceCall[]>();
  const callOf = new Map<Report, TraceCall>();
  for (const candidate of candidates) if (candidate.head.kind === 'call') callOf.set(candidate.head, candidate);
  const copies = candidates.filter(({ head }) => head.kind === 'wire' && recordRoleOf(head) === null);
  for (const copy of copies.toSorted((a, b) => endMsOf(a) - endMsOf(b) || (a.id < b.id ? -1 : 1))) {
    const call = tree
      .ancestorsOf(copy.head)
      .map((report) => callOf.get(report))
      .find((found) => found !== undefined);
    if (call === undefined) continue;
    const siblings = copiesOf.get(call);
    if (siblings === undefined) copiesOf.set(call, [copy]);
    else siblings.push(copy);
  }
  return copiesOf;
}
