import { idOf, reporterOf, type Said } from './read-report.ts';
import {
  areSameProcess,
  completionOf,
  endOf,
  filled,
  isEmbedding,
  mayEqual,
  mayShareTenant,
  promptOf,
  shareModel,
  type Unit,
} from './trace-units.ts';

export type RecordKind = 'details' | 'exception';

/** What a log record that is no agent's tells of a call; null for what is no such record. */
export function recordKind({ kind, is_log, is_exception, agent }: Said): RecordKind | null {
  if (is_log !== true) return null;
  if (is_exception === true) return 'exception';
  return kind === 'wire' && agent === undefined ? 'details' : null;
}

/** A call by its span and by a record of it. */
export function told(unit: Unit, record: Unit): Unit {
  const { error: _error, error_kind: _kind, ...rest } = record.facts;
  return {
    ...unit,
    members: [...unit.members, ...record.members],
    facts: filled(unit.facts, isFailed(unit) ? record.facts : rest),
    responseId: unit.responseId ?? record.responseId,
  };
}

export function isFailed({ facts }: Unit): boolean {
  return facts['error'] != null || facts['error_kind'] != null;
}

/** Each call with the records of one kind that ended nearest to it, one of each reporter; the others by themselves. */
export function tellBeside(units: readonly Unit[], kind: RecordKind): readonly Unit[] {
  const possible = units
    .flatMap((record) => units.map((unit) => ({ record, unit, gapMs: recordGapMs(record, unit, kind) })))
    .filter(({ unit, gapMs }) => gapMs !== null && unit.head.kind !== 'sum')
    .map(({ record, unit, gapMs }) => ({ record, unit, rank: [namesSame(record, unit) ? 0 : 1, gapMs as number] }));
  possible.sort(
    (x, y) =>
      (x.rank[0] as number) - (y.rank[0] as number) ||
      (x.rank[1] as number) - (y.rank[1] as number) ||
      (`${idOf(x.unit.head)} ${idOf(x.record.head)}` < `${idOf(y.unit.head)} ${idOf(y.record.head)}` ? -1 : 1),
  );
  const recordsOf = new Map<Unit, Unit[]>();
  const taken = new Set<Unit>();
  for (const { record, unit } of possible) {
    const others = recordsOf.get(unit) ?? [];
    const isFull = others.some(({ head }) => kind === 'exception' || reporterOf(head) === reporterOf(record.head));
    if (taken.has(record) || isFull) continue;
    taken.add(record);
    recordsOf.set(unit, [...others, record]);
  }
  return units.filter((unit) => !taken.has(unit)).map((unit) => (recordsOf.get(unit) ?? []).reduce(told, unit));
}

function namesSame(a: Unit, b: Unit): boolean {
  return a.responseId !== null && a.responseId === b.responseId;
}

/** How far apart a record and the call that it may tell of ended; null where it tells of another one. */
export function recordGapMs(record: Unit, unit: Unit, kind: RecordKind): number | null {
  if (recordKind(record.head) !== kind || record === unit || !shareModel(record, unit)) return null;
  if (!mayShareTenant(record, unit)) return null;
  const gapMs = Math.abs(endOf(record) - endOf(unit));
  if (kind === 'exception') {
    return recordKind(unit.head) !== 'exception' && isFailed(unit) && gapMs <= 1000 ? gapMs : null;
  }
  const { head } = unit;
  const isCall = recordKind(head) === null && !(head.is_log === true && head.agent !== undefined);
  if (!isCall || head.kind === 'stream end' || isEmbedding(record) !== isEmbedding(unit)) return null;
  if (!mayEqual(record.responseId, unit.responseId)) return null;
  if (!mayEqual(promptOf(record), promptOf(unit)) || !mayEqual(completionOf(record), completionOf(unit))) return null;
  const isCounted =
    (promptOf(record) !== null && promptOf(unit) !== null) ||
    ((completionOf(record) ?? 0) > 0 && completionOf(unit) !== null);
  const isSame = record.head.process === head.process;
  if (isCounted) return (isSame || record.head.trace_id === head.trace_id) && gapMs <= 350 ? gapMs : null;
  if (!isSame || isFailed(record) !== isFailed(unit)) return null;
  return gapMs <= (isFailed(unit) ? 350 : 25) ? gapMs : null;
}

/** Likewise of a record that was written where no span was open; `ofCall` is all that is of the call by response id. */
export function tracelessGapMs(
  [record, ofRecord]: readonly [Unit, readonly Unit[]],
  [unit, ofCall]: readonly [Unit, readonly Unit[]],
  kind: RecordKind,
): number | null {
  if (record.head.is_traceless !== true || ofRecord.length > 1 || !areSameProcess(record, unit)) return null;
  const isTold = ofCall.some(({ head, members }) =>
    kind === 'details'
      ? recordKind(head) !== null || members.some((said) => recordKind(said) === 'details')
      : members.some((said) => recordKind(said) === 'exception'),
  );
  const gapMs = isTold ? null : recordGapMs(record, unit, kind);
  return gapMs === null || gapMs > 350 ? null : gapMs;
}
