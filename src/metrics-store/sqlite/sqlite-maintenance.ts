import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import { Tally } from '../../tally/tally.ts';
import { Usage } from '../../tally/usage.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type ResolutionMs, windowStartMs } from '../../tally/window.ts';
import type { WindowCodec } from '../../tally/window-codec.ts';
import {
  addRepriced,
  addRepricedUsage,
  REPRICED_FIELDS,
  type RepricedSums,
  repricedSumsOf,
} from '../billed-columns.ts';
import { storableNameOf } from '../fold-commit.ts';
import type { CallCorrection, CostCorrection, PruneBefore, RepricedShare } from '../metrics-store.ts';
import type { AppliedCorrection } from '../repriced-windows.ts';
import { storableText } from '../storable-text.ts';
import { QUEUE_ROW } from './commit-statements.ts';
import { closeHoursBefore } from './open-hours.ts';
import * as Sql from './record-statements.ts';
import type { SeriesRef, SqliteDictionary } from './sqlite-dictionary.ts';
import { repriceDimensions } from './sqlite-dimensions.ts';
import { PRUNE_SENDER_METERS } from './sqlite-sender-use.ts';
import { int64 } from './stored-integers.ts';

/** Corrections and retention. */

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
}

interface CorrectionWriter extends Writer {
  readonly codec: WindowCodec;
}

/** Runs inside one write transaction. @returns how many were applied */
export function applyCorrections(
  writer: CorrectionWriter,
  {
    corrections,
    shares,
  }: { readonly corrections: readonly CostCorrection[]; readonly shares: readonly RepricedShare[] },
  committedAtMs: number,
): number {
  const { connection, dictionary } = writer;
  let applied = 0;
  const repriced: AppliedCorrection[] = [];
  const touched = new Map<string, { ref: SeriesRef; startMs: number }>();
  for (const { series, windowStartMs: startMs, billed, change: changes, expected } of corrections) {
    const ref = dictionary.findSeries(series);
    if (ref === null) continue;
    const named = storableNameOf(billed, ref);
    if (!repriceMinute(writer, { ref, startMs, named, changes, expected })) continue;
    applied++;
    repriced.push({ tenantKey: ref.tenantKey, seriesId: ref.id, windowStartMs: startMs, change: changes });
    touched.set(`${ref.id} ${startMs}`, { ref, startMs });
  }
  const placed = shares.flatMap(({ series, ...share }) => {
    const ref = dictionary.findSeries(series);
    return ref === null ? [] : { ...share, tenantKey: ref.tenantKey, seriesId: ref.id };
  });
  repriceDimensions(connection, repriced, placed);
  for (const { ref, startMs } of touched.values()) {
    const row = connection.row(Sql.TOUCH_MINUTE, committedAtMs, ref.tenantKey, startMs, ref.id);
    if (row !== undefined) connection.run(QUEUE_ROW, ref.pairId, startMs);
  }
  return applied;
}

interface MinuteCorrection {
  readonly ref: SeriesRef;
  readonly startMs: number;
  /** What is billed. */
  readonly named: string;
  readonly changes: RepricedSums;
  readonly expected: RepricedSums;
}

/** @returns false where the row does not say what was expected */
function repriceMinute({ connection, codec }: CorrectionWriter, correction: MinuteCorrection): boolean {
  const { ref, startMs, named, changes, expected } = correction;
  const row = connection.row(Sql.SELECT_MINUTE_TO_CHANGE, ref.tenantKey, startMs, ref.id);
  if (row === undefined) return false;
  const [revision, sums] = row;
  const before = codec.usagesOf(sums as Uint8Array).find(({ billed }) => billed === named);
  if (before === undefined) return false;
  const told = repricedSumsOf(before.usage);
  if (REPRICED_FIELDS.some((field) => told[field] !== expected[field])) return false;
  const [tally, usage] = [new Tally(), new Usage()];
  // A row of usage alone has no sums of calls, and none are in the hour and the day.
  if (Number(revision) > 0) addRepriced(tally, changes);
  addRepricedUsage(usage, changes);
  const change = codec.encode(tally, [{ billed: named, usage }]);
  connection.run(Sql.ADD_TO_MINUTE, change, ref.tenantKey, startMs, ref.id);
  if (Number(revision) === 0) return true;
  const ofWindows = codec.encode(tally);
  connection.run(Sql.ADD_TO_HOUR, ofWindows, ref.tenantKey, windowStartMs(startMs, HOUR_MS), ref.id);
  connection.run(Sql.ADD_TO_DAY, ofWindows, ref.tenantKey, windowStartMs(startMs, DAY_MS), ref.id);
  return true;
}

/** Runs inside one write transaction. */
export function applyCallCorrections({ connection, dictionary }: Writer, corrections: readonly CallCorrection[]): void {
  for (const correction of corrections) {
    const { tenantId, timestampMs, requestId, costSource, bill } = correction;
    const tenantKey = dictionary.findTenant(tenantId);
    if (tenantKey === null) continue;
    const [cost = null, listCost = null, expected = null] = [
      correction.costPicoUsd,
      correction.listCostPicoUsd,
      correction.expectedPicoUsd,
    ].map((value) => (value === null ? null : int64(value)));
    const price = [cost, listCost, costSource, bill === null ? null : storableText(bill)];
    connection.run(Sql.REPRICE_CALL, ...price, tenantKey, timestampMs, requestId, expected);
  }
}

/** Values: tenant key, before. */
function pruneDimension(windowMs: ResolutionMs): string {
  return `DELETE FROM dimension_pieces WHERE tenant_key = ? AND window_start_ms < ? AND window_ms = ${windowMs}`;
}

/** What goes is in its day before. */
function pruneHours(connection: SqliteConnection, tenantKey: SqlValue, beforeMs: number): void {
  closeHoursBefore(connection, Number(tenantKey), beforeMs);
  connection.run(pruneDimension(HOUR_MS), tenantKey, beforeMs);
}

/** Values of which no day tells any more. */
const PRUNE_DIMENSION_VALUES = `
  DELETE FROM dimension_values WHERE tenant_key = ?1
    AND value_id NOT IN (SELECT value_id FROM dimension_days WHERE tenant_key = ?1)`;

/**
 * Deletes what is too old, in one transaction per table and tenant, so that the processor's commits come in between.
 * Freed pages are used again; the file does not shrink.
 */
export function prune(connection: SqliteConnection, before: PruneBefore): void {
  const tenantKeys = Array.from(connection.rows('SELECT tenant_key FROM tenants'), ([key = null]) => key);
  const forgottenMs = Math.min(before.minutesMs, before.hoursMs, before.daysMs);
  const packedMs = Math.max(before.minutesMs, before.hoursMs, before.daysMs);
  const perTenant = [
    // First: they hold rows of the minutes and hours that go now.
    ['DELETE FROM packed_days WHERE tenant_key = ? AND day_start_ms < ?', packedMs],
    ['DELETE FROM metrics_1m WHERE tenant_key = ? AND window_start_ms < ?', before.minutesMs],
    ['DELETE FROM evaluations_1m WHERE tenant_key = ? AND window_start_ms < ?', before.minutesMs],
    ['DELETE FROM metrics_1h WHERE tenant_key = ? AND window_start_ms < ?', before.hoursMs],
    ['DELETE FROM metrics_1d WHERE tenant_key = ? AND window_start_ms < ?', before.daysMs],
    ['DELETE FROM calls WHERE tenant_key = ? AND timestamp_ms < ?', before.callsMs],
    ['DELETE FROM sender_calls_1h WHERE tenant_key = ? AND hour_start_ms < ?', before.hoursMs],
    [pruneDimension(MINUTE_MS), before.minutesMs],
    [pruneDimension(DAY_MS), before.daysMs],
    ['DELETE FROM dimension_days WHERE tenant_key = ? AND day_start_ms < ?', forgottenMs],
    ...PRUNE_SENDER_METERS.map((sql) => [sql, before.hoursMs] as const),
  ] as const;
  for (const tenantKey of tenantKeys) connection.write(() => pruneHours(connection, tenantKey, before.hoursMs));
  for (const [sql, beforeMs] of perTenant) {
    for (const tenantKey of tenantKeys) connection.write(() => connection.run(sql, tenantKey, beforeMs));
  }
  for (const tenantKey of tenantKeys) connection.write(() => connection.run(PRUNE_DIMENSION_VALUES, tenantKey));
  const whole = [
    ['DELETE FROM unpublished_rows WHERE window_start_ms < ?', before.minutesMs],
    ['DELETE FROM audit_1h WHERE hour_start_ms < ?', before.hoursMs],
    ['DELETE FROM dead_letters WHERE logged_at_ms < ?', before.deadLettersMs],
  ] as const;
  for (const [sql, beforeMs] of whole) connection.write(() => connection.run(sql, beforeMs));
}
