import { type ComparedCall, comparedCall } from './compared-call.ts';
import type { Folded } from './folded.ts';
import { fillGaps } from './merge-facts.ts';
import { recordGapMs } from './record-gap.ts';
import { type Facts, type RecordRole, recordRoleOf, reporterOf } from './report.ts';
import { endMsOf, type TraceCall } from './trace-call.ts';
import type { TraceTree } from './trace-tree.ts';

/** Calls that end at about the time of a record are compared with it, so many of them, so that a trace stays linear. */
const NEIGHBOURS_MAX = 600;

type Role = NonNullable<RecordRole>;

const RULES: Readonly<Record<Role, string>> = {
  details: 'the log record of a call',
  exception: 'the exception of a call that failed',
};

/** Whether a log record tells of any of these calls. */
export function hasRecords(calls: readonly TraceCall[]): boolean {
  return calls.some(({ head }) => recordRoleOf(head) !== null);
}

/** A record that was written while the span of its call was open lies below that. */
export function foldRecordsBelow(calls: readonly TraceCall[], tree: TraceTree, folded: Folded[]): readonly TraceCall[] {
  const byHead = new Map(calls.filter(({ head }) => head.kind === 'call').map((call) => [call.head, call]));
  const recordsOf = new Map<TraceCall, TraceCall[]>();
  const taken = new Set<TraceCall>();
  for (const record of calls) {
    if (recordRoleOf(record.head) === null) continue;
    const call = tree
      .ancestorsOf(record.head)
      .map((report) => byHead.get(report))
      .find((found) => found !== undefined);
    if (call === undefined) continue;
    recordsOf.set(call, [...(recordsOf.get(call) ?? []), record]);
    taken.add(record);
    folded.push({ report: record.head, into: call.id, rule: RULES[recordRoleOf(record.head) as Role] });
  }
  return calls.filter((call) => !taken.has(call)).map((call) => (recordsOf.get(call) ?? []).reduce(withRecord, call));
}

/**
 * Gives each record of that role to the call that ended nearest to it. It may lie beside that call and not below: where
 * it was written into the span around, or where no span was sent and another record tells the call. Each reporter tells
 * of a call once. The closest are paired first, so the order of the reports decides nothing.
 */
export function foldRecordsBeside(calls: readonly TraceCall[], role: Role, folded: Folded[]): readonly TraceCall[] {
  const records = calls.filter(({ head }) => recordRoleOf(head) === role);
  if (records.length === 0 || records.length === calls.length) return calls;
  const others = calls.filter(({ head }) => recordRoleOf(head) !== role && head.kind !== 'sum');
  const toldOf = new Map<TraceCall, TraceCall[]>();
  const taken = new Set<TraceCall>();
  for (const { call, record } of pairsOf(records, others)) {
    const told = toldOf.get(call) ?? [];
    const isTold = told.some((other) => role === 'exception' || reporterOf(other.head) === reporterOf(record.head));
    if (isTold || taken.has(record)) continue;
    toldOf.set(call, [...told, record]);
    taken.add(record);
    folded.push({ report: record.head, into: call.id, rule: RULES[role] });
  }
  return calls.filter((call) => !taken.has(call)).map((call) => (toldOf.get(call) ?? []).reduce(withRecord, call));
}

/** The span tells when the call was, and whether it failed. */
function withRecord(call: TraceCall, record: TraceCall): TraceCall {
  return {
    ...call,
    facts: fillGaps(call.facts, isFailed(call.facts) ? record.facts : withoutFailure(record.facts)),
    responseId: call.responseId ?? record.responseId,
    members: [...call.members, ...record.members],
  };
}

function isFailed({ error, error_kind }: Facts): boolean {
  return (error ?? null) !== null || (error_kind ?? null) !== null;
}

/** Of a try that failed before the call went well. */
function withoutFailure({ error: _error, error_kind: _kind, ...facts }: Facts): Facts {
  return facts;
}

interface Pair {
  readonly call: TraceCall;
  readonly record: TraceCall;
  readonly isSameResponse: boolean;
  readonly gapMs: number;
}

interface Ending {
  readonly call: TraceCall;
  readonly compared: ComparedCall;
  readonly endMs: number;
}

/** Those of one response first, then the closest. */
function pairsOf(records: readonly TraceCall[], calls: readonly TraceCall[]): readonly Pair[] {
  const endings = calls.map(endingOf).sort((a, b) => a.endMs - b.endMs || byId(a.call, b.call));
  const pairs: Pair[] = [];
  let next = 0;
  for (const record of records.map(endingOf).sort((a, b) => a.endMs - b.endMs || byId(a.call, b.call))) {
    while (next < endings.length && (endings[next] as Ending).endMs < record.endMs) next++;
    const from = Math.max(0, next - NEIGHBOURS_MAX / 2);
    for (const { call, compared } of endings.slice(from, next + NEIGHBOURS_MAX / 2)) {
      const gapMs = recordGapMs(record.compared, compared);
      if (gapMs === null) continue;
      const isSameResponse = compared.responseId !== null && compared.responseId === record.compared.responseId;
      pairs.push({ call, record: record.call, isSameResponse, gapMs });
    }
  }
  return pairs.sort(
    (x, y) =>
      Number(y.isSameResponse) - Number(x.isSameResponse) ||
      x.gapMs - y.gapMs ||
      byId(x.call, y.call) ||
      byId(x.record, y.record),
  );
}

function endingOf(call: TraceCall): Ending {
  return { call, compared: comparedCall(call, (text) => text), endMs: endMsOf(call) };
}

function byId(a: TraceCall, b: TraceCall): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
