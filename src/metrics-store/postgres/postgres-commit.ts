import { SENDER_CALLS_SUMS } from '../../tally/sender-calls.ts';
import { seriesKey } from '../../tally/series.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS } from '../../tally/tally.ts';
import { type BilledModel, USAGE_EXACT_SUMS, USAGE_SUMS } from '../../tally/usage.ts';
import { activeWindowMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { foldCallWrites } from '../apply-call.ts';
import { AUDIT_COUNTS } from '../audit.ts';
import { BILLED_COLUMNS, BILLED_FIELDS } from '../billed-columns.ts';
import type { Call } from '../call.ts';
import { CALL_FIELDS } from '../call-columns.ts';
import type { Commit } from '../commit.ts';
import type { Additions } from '../commit-group.ts';
import { EVALUATION_SUMS, type EvaluationDelta } from '../evaluation.ts';
import {
  type EvaluationPlace,
  type FoldedTally,
  foldAudits,
  foldEvaluations,
  foldTallies,
  foldUsages,
} from '../fold-commit.ts';
import { foldMeters, foldSenderCalls, pointsOf } from '../sender-use.ts';
import { storableText } from '../storable-text.ts';
import { columnOf } from '../tally-columns.ts';
import type { WindowPiece } from '../window-piece.ts';
import { packHistogram } from './packed-histogram.ts';
import { type PairRef, pairKey, type ResolvedNames, type SeriesRef } from './postgres-dictionary.ts';
import type { JudgedNames } from './postgres-evaluation-names.ts';

type Row = Record<string, number | string | null | object>;

/** Fields with their columns: every row asks for them. */
const TALLY_COLUMNS = withColumns([...TALLY_SUMS, ...TALLY_MAXIMA]);
const TALLY_MONEY = withColumns(TALLY_EXACT_SUMS);
const TALLY_BUCKETS = withColumns(TALLY_HISTOGRAMS);
const USAGE_COLUMNS = withColumns(USAGE_SUMS);
const USAGE_MONEY = withColumns(USAGE_EXACT_SUMS);
const EVALUATION_COLUMNS = withColumns(EVALUATION_SUMS);
const AUDIT_COLUMNS = withColumns(AUDIT_COUNTS);
const CALL_COLUMNS = withColumns(CALL_FIELDS);
const SENDER_COLUMNS = withColumns(SENDER_CALLS_SUMS);

type Columns<Field> = readonly (readonly [field: Field, column: string])[];

function withColumns<Field extends string>(fields: readonly Field[]): Columns<Field> {
  return fields.map((field) => [field, columnOf(field)]);
}

function valuesOf<Field extends string>(columns: Columns<Field>, from: Readonly<Record<Field, number>>): Row {
  return Object.fromEntries(columns.map(([field, column]) => [column, from[field]]));
}

/** What a commit names, as numbers. */
export interface ResolvedParts {
  readonly names: ResolvedNames;
  readonly judged: JudgedNames;
  readonly pieces: readonly WindowPiece[];
}

export interface CommitDocument {
  /** The values of `COMMIT_CALL`. JSON, as it is written and read faster than an array per column. */
  readonly values: readonly string[];
  /** Newest window per series that had none as new: to be noted when the commit is applied. */
  readonly lastWindows: ReadonlyMap<SeriesRef, number>;
}

export const COMMIT_CALL =
  'SELECT streamlens_commit_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)';

/** @param added what `commits` add together */
export function commitDocument(
  { names, judged, pieces }: ResolvedParts,
  commits: readonly Commit[],
  added: Additions,
): CommitDocument {
  const folded = foldTallies(added.tallies, (series) => known(names.series.get(seriesKey(series))));
  const minutes = folded.get(MINUTE_MS) ?? [];
  const lastWindows = newestWindows(minutes, added.committedAtMs);
  const calls = foldCallWrites(added.calls);
  const callsOf = (kind: 'full' | 'answer'): Row[] =>
    calls
      .filter((write) => write.kind === kind)
      .map(({ call }) => callRow(known(names.tenants.get(call.tenantId)), call));
  const sections = [
    commits.map(headOf),
    minutes.map(windowRow),
    (folded.get(HOUR_MS) ?? []).map(windowRow),
    (folded.get(DAY_MS) ?? []).map(windowRow),
    changeRows(minutes),
    Array.from(lastWindows, ([{ id }, start_ms]) => ({ series_id: id, start_ms })),
    usageRows(names, added.usages),
    evaluationRows(names, judged, added.evaluations),
    auditRows(added.audits),
    added.removedCalls.map(({ tenantId, timestampMs, requestId }) => ({
      tenant_id: storableText(tenantId),
      timestamp_ms: timestampMs,
      request_id: storableText(requestId),
    })),
    callsOf('full'),
    callsOf('answer'),
    deadLetterRows(added.deadLetters),
    senderCallsRows(names, added.senderCalls),
    meterRows(names, added.meters),
    pieces.map(pieceRow),
  ];
  return { values: sections.map((section) => JSON.stringify(section)), lastWindows };
}

function pieceRow({ tenantKey, dimension, windowMs, windowStartMs: startMs, sums }: WindowPiece): Row {
  return { tenant_key: tenantKey, dimension, window_ms: windowMs, start_ms: startMs, sums: base64(sums) };
}

function headOf(commit: Commit): Row {
  return {
    partition: commit.partition,
    expected_seq: commit.expectedSeq,
    token: storableText(commit.token),
    positions: commit.positions,
    complete_through_ms: commit.completeThroughMs,
    committed_at_ms: commit.committedAtMs,
    checkpoint: base64(commit.checkpoint),
  };
}

/** One per pair and minute, with the number of its series that change. */
function changeRows(minutes: readonly FoldedTally<SeriesRef>[]): Row[] {
  const changes = new Map<string, { tenant_key: number; pair_id: number; start_ms: number; count: number }>();
  for (const { ref, windowStartMs } of minutes) {
    const key = `${ref.pairId} ${windowStartMs}`;
    const change = changes.get(key) ?? {
      tenant_key: ref.tenantKey,
      pair_id: ref.pairId,
      start_ms: windowStartMs,
      count: 0,
    };
    change.count++;
    changes.set(key, change);
  }
  return [...changes.values()];
}

/** Where it is newer than what this process knows of. */
function newestWindows(minutes: readonly FoldedTally<SeriesRef>[], committedAtMs: number): Map<SeriesRef, number> {
  const newest = new Map<SeriesRef, number>();
  for (const { ref, windowStartMs } of minutes) {
    const activeMs = activeWindowMs(windowStartMs, committedAtMs);
    if (activeMs > (newest.get(ref) ?? ref.lastWindowStartMs ?? -1)) newest.set(ref, activeMs);
  }
  return newest;
}

function windowRow({ ref, windowStartMs, tally }: FoldedTally<SeriesRef>): Row {
  const row: Row = { tenant_key: ref.tenantKey, series_id: ref.id, start_ms: windowStartMs };
  for (const [field, column] of TALLY_COLUMNS) row[column] = tally[field];
  for (const [field, column] of TALLY_MONEY) row[column] = tally[field].value.toString();
  for (const [field, column] of TALLY_BUCKETS) row[column] = packHistogram(tally[field]);
  return row;
}

function usageRows(names: ResolvedNames, deltas: Commit['usages']): Row[] {
  return foldUsages(deltas, (series) => known(names.series.get(seriesKey(series)))).map(
    ({ ref, windowStartMs, billed, usage }) => ({
      tenant_key: ref.tenantKey,
      start_ms: windowStartMs,
      series_id: ref.id,
      ...billedRow(billed),
      ...valuesOf(USAGE_COLUMNS, usage),
      ...Object.fromEntries(USAGE_MONEY.map(([field, column]) => [column, usage[field].value.toString()])),
    }),
  );
}

function evaluationRows(names: ResolvedNames, judged: JudgedNames, deltas: Commit['evaluations']): Row[] {
  const placeOf = (delta: EvaluationDelta): EvaluationPlace<PairRef> => {
    const ref = known(names.pairs.get(pairKey(delta)));
    return { ref, ...judged.of(ref.tenantKey, delta.name) };
  };
  return foldEvaluations(deltas, placeOf).map(({ ref, name, windowStartMs, tally }) => ({
    tenant_key: ref.tenantKey,
    start_ms: windowStartMs,
    name,
    pair_id: ref.id,
    ...valuesOf(EVALUATION_COLUMNS, tally),
    score_micro_sum: tally.scoreMicroSum.toString(),
    labels: Object.fromEntries(tally.labels),
  }));
}

export function billedRow(billed: BilledModel): Row {
  return Object.fromEntries(BILLED_FIELDS.map((field, index) => [BILLED_COLUMNS[index], billed[field]]));
}

function auditRows(deltas: Commit['audits']): Row[] {
  return foldAudits(deltas).map(({ tenantId, hourStartMs, counts }) => ({
    start_ms: hourStartMs,
    tenant_id: tenantId,
    ...valuesOf(AUDIT_COLUMNS, counts),
  }));
}

function senderCallsRows(names: ResolvedNames, deltas: Commit['senderCalls']): Row[] {
  return foldSenderCalls(deltas).map(({ tenantId, hourStartMs, service, session, sums }) => ({
    tenant_key: known(names.tenants.get(tenantId)),
    start_ms: hourStartMs,
    service,
    session,
    ...valuesOf(SENDER_COLUMNS, sums),
    cost_pico_usd: sums.costPicoUsd.value.toString(),
  }));
}

function meterRows(names: ResolvedNames, deltas: Commit['meters']): Row[] {
  return foldMeters(deltas).map((meter) => ({
    tenant_key: known(names.tenants.get(meter.tenantId)),
    start_ms: meter.hourStartMs,
    stream: meter.stream,
    service: meter.service,
    session: meter.session,
    scope: meter.scope,
    precedence: meter.precedence,
    part: meter.part,
    is_delta: meter.isDelta ? 'true' : 'false',
    total: meter.total,
    intervals: Object.fromEntries(meter.intervals),
    lost: meter.lost,
    points: pointsOf(meter),
  }));
}

function callRow(tenantKey: number, call: Call): Row {
  const row: Row = { tenant_key: tenantKey };
  for (const [field, column] of CALL_COLUMNS) {
    const value = call[field];
    // An absent field is NULL to json_to_recordset, and shorter.
    if (value !== null) row[column] = typeof value === 'bigint' ? value.toString() : value;
  }
  return row;
}

function deadLetterRows(letters: Commit['deadLetters']): Row[] {
  return letters.map(({ topic, partition, offset, loggedAtMs, reason, detail, tenantId, key, value }) => ({
    topic,
    partition,
    log_offset: offset,
    logged_at_ms: loggedAtMs,
    reason,
    detail: storableText(detail),
    tenant_id: tenantId,
    record_key: base64(key),
    record_value: base64(value),
  }));
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function known<T>(entry: T | undefined): T {
  if (entry === undefined) throw new Error('Broken invariant: a commit is resolved before it is written');
  return entry;
}
