import type { Candidate, Folded } from './candidate.ts';
import { isTwin, TWIN_START_MS_MAX } from './is-twin.ts';
import { fillGaps } from './merge-facts.ts';

/** Exporters send at most 512 spans; a body with more is compared within this many neighbours, so that it stays linear. */
const NEIGHBOURS_MAX = 600;
/** Calls of one response id in one export; a cache replays ids, but not that often. */
const SAME_ID_MAX = 64;
/** The SDK's own span is nearest to the wire: others were seen to count output tokens twice. */
const NATIVE_SCOPE = 'com.anthropic.sdk.';

/**
 * Finds calls that two instrumentations of one process report in spans that do not nest, e.g. as roots of two traces:
 * by equal response ids, or where an id is missing (errors, Langfuse) by time. Scopes must differ: six hundred
 * concurrent equal calls of one instrumentation are six hundred calls.
 *
 * By time the count is right, though with concurrency the wrong twins may pair: so the other span only fills gaps.
 */
export function foldTwins(calls: readonly Candidate[], folded: Folded[]): readonly Candidate[] {
  const scopeName = calls[0]?.span.scope.name;
  if (calls.every(({ span }) => span.scope.name === scopeName)) return calls;
  const clusters: Candidate[][] = [];
  joinByResponseId(calls, clusters);
  joinByTime(clusters);
  return clusters.filter((cluster) => cluster.length > 0).map((cluster) => foldCluster(cluster, folded));
}

function joinByResponseId(calls: readonly Candidate[], clusters: Candidate[][]): void {
  const byId = new Map<string, Candidate[][]>();
  for (const call of calls) {
    const cluster = [call];
    const id = call.facts.responseId;
    if (id !== null) {
      const key = `${call.span.resource.processKey}\n${id}`;
      const known = byId.get(key) ?? [];
      const twin = known.find((other) => !hasScopeOf(other, call));
      if (twin !== undefined) {
        twin.push(call);
        continue;
      }
      if (known.length < SAME_ID_MAX) byId.set(key, [...known, cluster]);
    }
    clusters.push(cluster);
  }
}

/** The closest starts are paired first, each cluster with at most one of another scope. */
function joinByTime(clusters: Candidate[][]): void {
  const sorted = clusters.toSorted((a, b) => startOf(a) - startOf(b));
  const pairs: { a: Candidate[]; b: Candidate[]; gapMs: number }[] = [];
  for (const [i, a] of sorted.entries()) {
    for (let j = i + 1; j < Math.min(sorted.length, i + NEIGHBOURS_MAX); j++) {
      const b = sorted[j];
      if (b === undefined) break;
      const gapMs = startOf(b) - startOf(a);
      if (gapMs > TWIN_START_MS_MAX) break;
      if (isTwinCluster(a, b)) pairs.push({ a, b, gapMs });
    }
  }
  for (const { a, b } of pairs.toSorted((x, y) => x.gapMs - y.gapMs)) {
    if (a.length === 0 || b.length === 0 || !isTwinCluster(a, b)) continue;
    a.push(...b);
    b.length = 0;
  }
}

function startOf(cluster: readonly Candidate[]): number {
  return cluster[0]?.startMs ?? 0;
}

function hasScopeOf(cluster: readonly Candidate[], call: Candidate): boolean {
  return cluster.some(({ span }) => span.scope.name === call.span.scope.name);
}

function isTwinCluster(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  return a.every((x) => b.every((y) => isTwin(x, y)));
}

function foldCluster(cluster: readonly Candidate[], folded: Folded[]): Candidate {
  const [winner, ...others] = cluster.toSorted(byNearness);
  if (winner === undefined || others.length === 0) return cluster[0] as Candidate;
  let call = winner;
  for (const other of others) {
    const byResponseId = other.facts.responseId !== null && other.facts.responseId === winner.facts.responseId;
    const rule = `the same call by another instrumentation, found by ${byResponseId ? 'response id' : 'time'}`;
    folded.push({ span: other.span, into: winner.id, rule });
    call = { ...call, facts: fillGaps(call.facts, other.facts), members: [...call.members, ...other.members] };
  }
  return call;
}

/**
 * The nearest to the wire first: the SDK's own span, then a span that knows the response id, then the shorter one.
 * Langfuse comes last, since it always wraps the others.
 */
function byNearness(a: Candidate, b: Candidate): number {
  const nearness = nearnessOf(b) - nearnessOf(a);
  return nearness === 0 ? (a.durationMs ?? 0) - (b.durationMs ?? 0) : nearness;
}

function nearnessOf({ span, facts }: Candidate): number {
  if (span.scope.name.startsWith(NATIVE_SCOPE)) return 3;
  if (span.scope.name.startsWith('langfuse')) return 0;
  return facts.responseId === null ? 1 : 2;
}
