import type { InputTopic } from '../../events/topics.ts';
import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import { billedOfName } from '../../tally/billed-name.ts';
import { windowStartMs } from '../../tally/window.ts';
import type { WindowCodec } from '../../tally/window-codec.ts';
import { AUDIT_COUNTS, type AuditCounts, emptyAuditCounts } from '../audit.ts';
import { addEvaluationTally, EVALUATION_SUMS, type EvaluationTally, emptyEvaluationTally } from '../evaluation.ts';
import type * as Reader from '../metrics-reader.ts';
import type { DeadLetter, DeadLetterReason } from '../outbox.ts';
import { decodeLabels } from './labels.ts';
import * as Sql from './record-statements.ts';
import { storedBigInt } from './stored-integers.ts';
import { tenantsValue } from './tenants-asked.ts';

/** Questions about everything that is neither a window nor a call. */

export function readEvaluations(
  connection: SqliteConnection,
  tenantKey: number,
  query: Reader.EvaluationsQuery,
): readonly Reader.EvaluationRow[] {
  const { route, model, name, fromMs, toMs, stepMs, limit } = query;
  const found: Reader.EvaluationRow[] = [];
  let step = new Map<string, Reader.EvaluationRow>();
  let stepStartMs = -1;
  for (const row of connection.rows(Sql.SELECT_EVALUATIONS, tenantKey, fromMs, toMs, name, route, model)) {
    const startMs = windowStartMs(Number(row[0]), stepMs);
    if (startMs !== stepStartMs) {
      found.push(...byName(step));
      if (found.length >= limit) break;
      step = new Map();
      stepStartMs = startMs;
    }
    const evaluation = String(row[1]);
    const sum = step.get(evaluation) ?? { name: evaluation, windowStartMs: startMs, tally: emptyEvaluationTally() };
    addEvaluationTally(sum.tally, evaluationTallyOf(row));
    step.set(evaluation, sum);
  }
  if (found.length < limit) found.push(...byName(step));
  return found.slice(0, limit);
}

function byName(rows: ReadonlyMap<string, Reader.EvaluationRow>): Reader.EvaluationRow[] {
  return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function evaluationTallyOf(row: readonly SqlValue[]): EvaluationTally {
  const [scoreMicroSum, labels] = row.slice(2 + EVALUATION_SUMS.length);
  const tally = { ...emptyEvaluationTally(), labels: decodeLabels(String(labels)) };
  for (const [index, field] of EVALUATION_SUMS.entries()) tally[field] = Number(row[2 + index]);
  tally.scoreMicroSum = storedBigInt(scoreMicroSum);
  return tally;
}

export function readAudit(
  connection: SqliteConnection,
  { tenantId, fromMs, toMs, page }: Reader.AuditQuery,
): readonly Reader.AuditRow[] {
  const after = page?.after ?? null;
  // The range from the cursor's hour on, so that the scan begins there.
  const range = [Math.max(fromMs, after?.hourStartMs ?? 0), toMs, tenantsValue(tenantId)];
  const cursor = [after?.hourStartMs ?? null, after?.tenantId ?? null, page?.limit ?? -1];
  return Array.from(connection.rows(Sql.SELECT_AUDIT, ...range, ...cursor), (row) => ({
    hourStartMs: Number(row[0]),
    tenantId: String(row[1]),
    counts: auditCountsOf(row, 2),
  }));
}

export function readAuditTotals(
  connection: SqliteConnection,
  { tenantId, fromMs, toMs }: Reader.AuditQuery,
): Reader.AuditTotals {
  const row = connection.row(Sql.SELECT_AUDIT_TOTALS, fromMs, toMs, tenantsValue(tenantId)) ?? [];
  const [firstHour = null, lastHour = null, unbalanced = 0] = row;
  return {
    firstHourMs: firstHour === null ? null : Number(firstHour),
    lastHourMs: lastHour === null ? null : Number(lastHour),
    unbalancedRows: Number(unbalanced),
    counts: auditCountsOf(row, 3),
  };
}

function auditCountsOf(row: readonly SqlValue[], at: number): AuditCounts {
  const counts = emptyAuditCounts();
  for (const [index, count] of AUDIT_COUNTS.entries()) counts[count] = Number(row[at + index]);
  return counts;
}

export function readDeadLetters(
  connection: SqliteConnection,
  { limit, before }: { limit: number; before: Reader.DeadLetterCursor | null },
): readonly DeadLetter[] {
  const cursor = before === null ? [] : [before.loggedAtMs, before.topic, before.partition, before.offset];
  const rows = connection.rows(
    before === null ? Sql.SELECT_DEAD_LETTERS : Sql.SELECT_DEAD_LETTERS_BEFORE,
    ...cursor,
    limit,
  );
  return Array.from(rows, deadLetterOf);
}

export function unpublishedDeadLetters(connection: SqliteConnection, limit: number): readonly DeadLetter[] {
  return Array.from(connection.rows(Sql.SELECT_UNPUBLISHED_DEAD_LETTERS, limit), deadLetterOf);
}

export function markDeadLettersPublished(connection: SqliteConnection, letters: readonly DeadLetter[]): void {
  for (const { topic, partition, offset } of letters) connection.run(Sql.MARK_DEAD_LETTER, topic, partition, offset);
}

function deadLetterOf(row: readonly SqlValue[]): DeadLetter {
  const [topic, partition, offset, loggedAt, reason, detail, tenantId, key, value] = row;
  return {
    topic: topic as InputTopic,
    partition: Number(partition),
    offset: Number(offset),
    loggedAtMs: Number(loggedAt),
    reason: reason as DeadLetterReason,
    detail: String(detail),
    tenantId: tenantId as string | null,
    key: key as Uint8Array | null,
    value: value as Uint8Array | null,
  };
}

export function readUsage(
  connection: SqliteConnection,
  codec: WindowCodec,
  { fromMs, toMs, tenantId: tenants }: Reader.UsageQuery,
): readonly Reader.UsageRow[] {
  const found: Reader.UsageRow[] = [];
  for (const row of connection.rows(Sql.SELECT_USAGE, fromMs, toMs, tenantsValue(tenants))) {
    const [tenantId, route, model, provider] = row.map(String) as [string, string, string, string];
    const place = { tenantId, route, model, provider, windowStartMs: Number(row[4]) };
    for (const { billed, usage } of codec.usagesOf(row[5] as Uint8Array)) {
      found.push({ ...place, billed: billedOfName(billed, place), usage });
    }
  }
  return found;
}
