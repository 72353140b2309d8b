import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { REPRICED_FIELDS, REPRICED_MONEY, REPRICED_USAGE_COLUMNS, type RepricedSums } from '../billed-columns.ts';
import { storableBilled } from '../fold-commit.ts';
import type { CallCorrection, CostCorrection, PruneBefore, RepricedShare } from '../metrics-store.ts';
import type { AppliedCorrection } from '../repriced-windows.ts';
import { storableText } from '../storable-text.ts';
import { billedRow } from './postgres-commit.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { repriceDimensions } from './postgres-dimensions.ts';
import { type PostgresPartitions, startOfDay } from './postgres-partitions.ts';
import { PRUNE_SENDER_METERS } from './postgres-sender-use.ts';
import { instant, type SqlRow } from './postgres-values.ts';
import { FIND_SERIES, REPRICE_CALLS } from './record-statements.ts';

/** Corrections and retention. */

export async function reprice(
  connection: PostgresConnection,
  {
    corrections,
    shares,
  }: { readonly corrections: readonly CostCorrection[]; readonly shares: readonly RepricedShare[] },
  committedAtMs: number,
): Promise<number> {
  if (corrections.length === 0) return 0;
  const names = corrections.map(({ series }) => series);
  const found = await connection.query(FIND_SERIES, [
    names.map((series) => series.tenantId),
    names.map((series) => series.route),
    names.map((series) => series.model),
    names.map((series) => series.provider),
  ]);
  const places = new Map<string, { readonly tenantKey: number; readonly seriesId: number }>();
  const rows = found.flatMap(([item, tenantKey, seriesId]) => {
    const correction = corrections[Number(item)];
    if (correction === undefined) return [];
    places.set(seriesKey(correction.series), { tenantKey: Number(tenantKey), seriesId: Number(seriesId) });
    const billed = storableBilled(correction.billed);
    return {
      tenant_key: tenantKey,
      series_id: seriesId,
      start_ms: correction.windowStartMs,
      ...billedRow(billed),
      ...repricedRow('', correction.change),
      ...repricedRow('expected_', correction.expected),
    };
  });
  return connection.transaction(async (query) => {
    const applied = await query('SELECT * FROM streamlens_reprice($1, $2)', [JSON.stringify(rows), committedAtMs]);
    const placed = shares.flatMap(({ series, ...share }) => {
      const place = places.get(seriesKey(series));
      return place === undefined ? [] : { ...share, ...place };
    });
    await repriceDimensions(query, applied.map(appliedCorrection), placed);
    return applied.reduce((sum, [usageRows]) => sum + Number(usageRows), 0);
  });
}

function seriesKey({ tenantId, route, model, provider }: CostCorrection['series']): string {
  return [tenantId, route, model, provider].join('\0');
}

/** From a row of `streamlens_reprice`. */
function appliedCorrection([, tenantKey, seriesId, startMs, ...sums]: SqlRow): AppliedCorrection {
  const change = REPRICED_FIELDS.map((field, index) => {
    const value = sums[index] as bigint;
    return [field, REPRICED_MONEY.some((money) => money === field) ? value : Number(value)];
  });
  return {
    tenantKey: Number(tenantKey),
    seriesId: Number(seriesId),
    windowStartMs: Number(startMs),
    change: Object.fromEntries(change),
  };
}

function repricedRow(prefix: string, sums: RepricedSums): Record<string, string> {
  return Object.fromEntries(
    REPRICED_FIELDS.map((field, index) => [`${prefix}${REPRICED_USAGE_COLUMNS[index]}`, sums[field].toString()]),
  );
}

export async function repriceCalls(
  connection: PostgresConnection,
  corrections: readonly CallCorrection[],
): Promise<void> {
  const rows = corrections.map((correction) => ({
    tenant_id: storableText(correction.tenantId),
    timestamp_ms: correction.timestampMs,
    request_id: storableText(correction.requestId),
    cost_pico_usd: correction.costPicoUsd?.toString() ?? null,
    list_cost_pico_usd: correction.listCostPicoUsd?.toString() ?? null,
    cost_source: correction.costSource,
    bill: correction.bill === null ? null : storableText(correction.bill),
    expected_pico_usd: correction.expectedPicoUsd?.toString() ?? null,
  }));
  if (rows.length > 0) await connection.query(REPRICE_CALLS, [JSON.stringify(rows)]);
}

const PRUNE_DIMENSION_SUMS = 'DELETE FROM dimension_sums WHERE window_ms = $1 AND window_start < $2';

/** Values of which no day tells any more. */
const PRUNE_DIMENSION_VALUES = `
  DELETE FROM dimension_values v WHERE NOT EXISTS (
    SELECT 1 FROM dimension_days d
    WHERE d.tenant_key = v.tenant_key AND d.dimension = v.dimension AND d.value_id = v.value_id)`;

/**
 * Drops the partitions that are too old as a whole, then deletes what else is too old. Minutes and calls, of which
 * there are many, are kept to the end of their day, so that they go with their partition and are hardly ever deleted
 * row by row.
 */
export async function prune(
  connection: PostgresConnection,
  partitions: PostgresPartitions,
  before: PruneBefore,
): Promise<void> {
  const minutesMs = startOfDay(before.minutesMs);
  const callsMs = startOfDay(before.callsMs);
  const windows = [
    ['metrics_1m', minutesMs],
    ['usage_1m', minutesMs],
    ['evaluations_1m', minutesMs],
    ['metrics_1h', before.hoursMs],
    ['metrics_1d', before.daysMs],
  ] as const;
  // First: they hold rows of the minutes and hours that go now.
  const packedMs = Math.max(...windows.map(([, beforeMs]) => beforeMs));
  await connection.query('DELETE FROM packed_days WHERE day_start < $1', [instant(packedMs)]);
  for (const [table, beforeMs] of windows) {
    await partitions.dropBefore(table, beforeMs);
    await connection.query(`DELETE FROM ${table} WHERE window_start < $1`, [instant(beforeMs)]);
  }
  await partitions.dropBefore('calls', callsMs);
  await connection.query('DELETE FROM calls WHERE "timestamp" < $1', [instant(callsMs)]);
  await connection.query('DELETE FROM changes_1m WHERE window_start < $1', [instant(minutesMs)]);
  await connection.query('DELETE FROM sender_calls_1h WHERE hour_start < $1', [instant(before.hoursMs)]);
  for (const sql of PRUNE_SENDER_METERS) await connection.query(sql, [instant(before.hoursMs)]);
  for (const [windowMs, beforeMs] of [
    [MINUTE_MS, minutesMs],
    [HOUR_MS, before.hoursMs],
    [DAY_MS, before.daysMs],
  ] as const) {
    await connection.query(PRUNE_DIMENSION_SUMS, [windowMs, instant(beforeMs)]);
  }
  await connection.query('DELETE FROM dimension_days WHERE day_start < $1', [
    instant(Math.min(minutesMs, before.hoursMs, before.daysMs)),
  ]);
  await connection.query(PRUNE_DIMENSION_VALUES, []);
  await connection.query('DELETE FROM audit_1h WHERE hour_start < $1', [instant(before.hoursMs)]);
  await connection.query('DELETE FROM dead_letters WHERE logged_at_ms < $1', [before.deadLettersMs]);
}
