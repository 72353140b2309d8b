import type { InputTopic } from '../../events/topics.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, Usage } from '../../tally/usage.ts';
import { AUDIT_COUNTS, type AuditCounts, emptyAuditCounts } from '../audit.ts';
import { BILLED_FIELDS, billedOf } from '../billed-columns.ts';
import type { Positions, Progress } from '../commit.ts';
import { addLabelCounts, EVALUATION_SUMS, emptyEvaluationTally } from '../evaluation.ts';
import type * as Reader from '../metrics-reader.ts';
import type { DeadLetter, DeadLetterReason } from '../outbox.ts';
import { storedTenants } from '../tenant-filter.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { instant, type SqlRow } from './postgres-values.ts';
import * as Sql from './record-statements.ts';

/** Questions about everything that is neither a window nor a call. */

export async function readEvaluations(
  connection: PostgresConnection,
  query: Reader.EvaluationsQuery,
): Promise<readonly Reader.EvaluationRow[]> {
  const { tenantId, name, route, model, fromMs, toMs, stepMs, limit } = query;
  const values = [tenantId, instant(fromMs), instant(toMs - 1), name, route, model, stepMs, limit];
  const rows = await connection.query(Sql.SELECT_EVALUATIONS, values);
  return rows.map((row) => {
    const tally = emptyEvaluationTally();
    for (const [index, field] of EVALUATION_SUMS.entries()) tally[field] = row[2 + index] as number;
    const [scoreMicroSum, labelCounts] = row.slice(2 + EVALUATION_SUMS.length);
    tally.scoreMicroSum = scoreMicroSum as bigint;
    for (const labels of JSON.parse(String(labelCounts)) as Record<string, number>[]) {
      addLabelCounts(tally.labels, Object.entries(labels));
    }
    return { windowStartMs: row[0] as number, name: String(row[1]), tally };
  });
}

export async function readAudit(
  connection: PostgresConnection,
  { tenantId, fromMs, toMs, page }: Reader.AuditQuery,
): Promise<readonly Reader.AuditRow[]> {
  const after = page?.after ?? null;
  // The range from the cursor's hour on, so that the scan begins there.
  const range = [instant(Math.max(fromMs, after?.hourStartMs ?? 0)), instant(toMs - 1), storedTenants(tenantId)];
  const cursor = after === null ? [null, null] : [instant(after.hourStartMs), after.tenantId];
  const rows = await connection.query(Sql.SELECT_AUDIT, [...range, ...cursor, page?.limit ?? null]);
  return rows.map((row) => ({
    hourStartMs: row[0] as number,
    tenantId: String(row[1]),
    counts: auditCountsOf(row, 2),
  }));
}

export async function readAuditTotals(
  connection: PostgresConnection,
  { tenantId, fromMs, toMs }: Reader.AuditQuery,
): Promise<Reader.AuditTotals> {
  const [row = []] = await connection.query(Sql.SELECT_AUDIT_TOTALS, [
    instant(fromMs),
    instant(toMs - 1),
    storedTenants(tenantId),
  ]);
  return {
    firstHourMs: row[0] as number | null,
    lastHourMs: row[1] as number | null,
    unbalancedRows: row[2] as number,
    counts: auditCountsOf(row, 3),
  };
}

function auditCountsOf(row: SqlRow, at: number): AuditCounts {
  const counts = emptyAuditCounts();
  for (const [index, count] of AUDIT_COUNTS.entries()) counts[count] = row[at + index] as number;
  return counts;
}

export async function readDeadLetters(
  connection: PostgresConnection,
  { limit, before }: { limit: number; before: Reader.DeadLetterCursor | null },
): Promise<readonly DeadLetter[]> {
  if (before === null) return (await connection.query(Sql.SELECT_DEAD_LETTERS, [limit])).map(deadLetterOf);
  const { loggedAtMs, topic, partition, offset } = before;
  const values = [limit, loggedAtMs, topic, partition, offset];
  return (await connection.query(Sql.SELECT_DEAD_LETTERS_BEFORE, values)).map(deadLetterOf);
}

export async function unpublishedDeadLetters(
  connection: PostgresConnection,
  limit: number,
): Promise<readonly DeadLetter[]> {
  return (await connection.query(Sql.SELECT_UNPUBLISHED_DEAD_LETTERS, [limit])).map(deadLetterOf);
}

export async function markDeadLettersPublished(
  connection: PostgresConnection,
  letters: readonly DeadLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  await connection.query(Sql.MARK_DEAD_LETTERS, [
    letters.map((letter) => letter.topic),
    letters.map((letter) => letter.partition),
    letters.map((letter) => letter.offset),
  ]);
}

function deadLetterOf(row: SqlRow): DeadLetter {
  const [topic, partition, offset, loggedAtMs, reason, detail, tenantId, key, value] = row;
  return {
    topic: topic as InputTopic,
    partition: partition as number,
    offset: offset as number,
    loggedAtMs: loggedAtMs as number,
    reason: reason as DeadLetterReason,
    detail: String(detail),
    tenantId: tenantId as string | null,
    key: bytesOrNull(key),
    value: bytesOrNull(value),
  };
}

/** Where these begin in a row of `SELECT_USAGE`. */
const BILLED_AT = 5;
const SUMS_AT = BILLED_AT + BILLED_FIELDS.length;

export async function readUsage(
  connection: PostgresConnection,
  { tenantId, fromMs, toMs }: Reader.UsageQuery,
): Promise<readonly Reader.UsageRow[]> {
  const rows = await connection.query(Sql.SELECT_USAGE, [instant(fromMs), instant(toMs - 1), storedTenants(tenantId)]);
  return rows.map((row) => {
    const [tenant, route, model, provider, windowStartMs] = row;
    const usage = new Usage();
    for (const [index, field] of USAGE_SUMS.entries()) usage[field] = row[SUMS_AT + index] as number;
    for (const [index, field] of USAGE_EXACT_SUMS.entries()) {
      usage[field].addBig(row[SUMS_AT + USAGE_SUMS.length + index] as bigint);
    }
    return {
      tenantId: String(tenant),
      route: String(route),
      model: String(model),
      provider: String(provider),
      windowStartMs: windowStartMs as number,
      billed: billedOf(row.slice(BILLED_AT, SUMS_AT)),
      usage,
    };
  });
}

export async function loadProgress(connection: PostgresConnection, partition: number): Promise<Progress | null> {
  const [row] = await connection.query(`${Sql.SELECT_PROGRESS} WHERE partition = $1`, [partition]);
  return row === undefined ? null : progressOf(row);
}

export async function readState(connection: PostgresConnection): Promise<Reader.StoreState> {
  const [row] = await connection.query(Sql.SELECT_STATE, []);
  const [snapshot, completeThroughMs] = row as readonly [string | null, number | null];
  return { id: snapshot === null ? null : `${connection.openedCount} ${snapshot}`, completeThroughMs };
}

export async function readProgress(connection: PostgresConnection): Promise<ReadonlyMap<number, Progress>> {
  const rows = await connection.query(Sql.SELECT_PROGRESS, []);
  return new Map(rows.map((row) => [row[0] as number, progressOf(row)]));
}

function progressOf(row: SqlRow): Progress {
  const [, seq, token, positions, completeThroughMs, committedAtMs, checkpoint] = row;
  return {
    seq: seq as number,
    token: String(token),
    positions: JSON.parse(String(positions)) as Positions,
    completeThroughMs: completeThroughMs as number,
    committedAtMs: committedAtMs as number,
    checkpoint: bytesOrNull(checkpoint) ?? new Uint8Array(0),
  };
}

/** Plain bytes: pg gives a `Buffer`, which is a view into a larger one. */
function bytesOrNull(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? Uint8Array.from(value) : null;
}
