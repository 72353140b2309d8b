import { type ComparedCall, comparedCall } from './compared-call.ts';
import type { Folded } from './folded.ts';
import { byNearness } from './nearness.ts';
import { reporterOf } from './report.ts';
import { type TraceCall, withReading } from './trace-call.ts';
import { isSameResponse, mayBeTwins, TWIN_START_MS_MAX, twinGapMs } from './twins.ts';

/** Calls of one response id in one trace; a cache replays ids, but not that often. */
const SAME_ID_MAX = 64;
/** Calls that begin within `TWIN_START_MS_MAX` are compared with so many neighbours, so that a trace stays linear. */
const NEIGHBOURS_MAX = 600;

interface Unit {
  readonly call: TraceCall;
  readonly compared: ComparedCall;
  cluster: Unit[];
}

/**
 * Finds the calls of one trace that two instrumentations report side by side: by the id of one response, or by time.
 * Scopes must differ: six hundred concurrent calls of one instrumentation are six hundred calls.
 *
 * The closest are paired first, so the order of the reports decides nothing. By time the count is right, though with
 * concurrency the wrong twins may pair: so the other one only fills gaps.
 */
export function foldTraceTwins(calls: readonly TraceCall[], folded: Folded[]): readonly TraceCall[] {
  const [first] = calls;
  if (first === undefined || calls.every(({ head }) => reporterOf(head) === reporterOf(first.head))) return calls;
  const units = calls.map((call): Unit => {
    const unit: Unit = { call, compared: comparedCall(call, (text) => text), cluster: [] };
    unit.cluster = [unit];
    return unit;
  });
  for (const pair of pairsById(units)) joinWhere(areScopesApart, pair);
  for (const pair of pairsByTime(units)) joinWhere(areTwins, pair);
  const clusters = new Set(units.map(({ cluster }) => cluster));
  return Array.from(clusters, (cluster) => foldCluster(cluster, folded));
}

interface Pair {
  readonly a: Unit;
  readonly b: Unit;
  readonly gapMs: number;
}

function pairsById(units: readonly Unit[]): readonly Pair[] {
  const known = new Map<string, Unit[]>();
  const pairs: Pair[] = [];
  for (const b of units) {
    const { responseId } = b.compared;
    if (responseId === null) continue;
    const others = known.get(responseId);
    if (others === undefined) {
      known.set(responseId, [b]);
      continue;
    }
    for (const a of others) {
      if (isSameResponse(a.compared, b.compared)) pairs.push({ a, b, gapMs: gapOf(a, b) });
    }
    if (others.length < SAME_ID_MAX) others.push(b);
  }
  return pairs.sort(byGap);
}

function pairsByTime(units: readonly Unit[]): readonly Pair[] {
  const sorted = units.toSorted((a, b) => a.compared.startMs - b.compared.startMs || byId(a, b));
  const pairs: Pair[] = [];
  for (const [i, a] of sorted.entries()) {
    for (let j = i + 1; j < Math.min(sorted.length, i + NEIGHBOURS_MAX); j++) {
      const b = sorted[j] as Unit;
      if (gapOf(a, b) > TWIN_START_MS_MAX) break;
      const gapMs = twinGapMs(a.compared, b.compared);
      if (gapMs !== null) pairs.push({ a, b, gapMs });
    }
  }
  return pairs.sort(byGap);
}

function byGap(x: Pair, y: Pair): number {
  return x.gapMs - y.gapMs || byId(x.a, y.a) || byId(x.b, y.b);
}

function byId(a: Unit, b: Unit): number {
  if (a.call.id === b.call.id) return 0;
  return a.call.id < b.call.id ? -1 : 1;
}

function gapOf(a: Unit, b: Unit): number {
  return Math.abs(a.compared.startMs - b.compared.startMs);
}

function joinWhere(isAllowed: typeof areTwins, { a, b }: Pair): void {
  if (a.cluster === b.cluster || !isAllowed(a.cluster, b.cluster)) return;
  const joined = [...a.cluster, ...b.cluster];
  for (const unit of joined) unit.cluster = joined;
}

function areTwins(a: readonly Unit[], b: readonly Unit[]): boolean {
  return a.every((x) => b.every((y) => mayBeTwins(x.compared, y.compared)));
}

function areScopesApart(a: readonly Unit[], b: readonly Unit[]): boolean {
  return a.every((x) => b.every((y) => x.compared.scope !== y.compared.scope));
}

function foldCluster(cluster: readonly Unit[], folded: Folded[]): TraceCall {
  const [winner, ...others] = cluster.map(({ call }) => call).sort(byNearness) as [TraceCall, ...TraceCall[]];
  let call = winner;
  for (const other of others) {
    const byResponseId = other.responseId !== null && other.responseId === winner.responseId;
    const rule = `the same call by another instrumentation, found by ${byResponseId ? 'response id' : 'time'}`;
    folded.push({ report: other.head, into: winner.id, rule });
    call = withReading(call, other);
  }
  return call;
}
