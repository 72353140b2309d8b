import type { NewRecord } from '../event-log/event-log.ts';
import { type Correlation, correlationKey, traceIdOf } from '../events/correlation-key.ts';
import { TOPICS } from '../events/topics.ts';
import { Problem } from '../http/problem.ts';
import { StorageError, type StorageErrorCode } from '../storage/storage-error.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { AppendQueue } from './append-queue.ts';
import type { IngestionMetrics } from './ingestion-metrics.ts';

const RETRY_AFTER_S = 1;

const REASONS: Readonly<Record<StorageErrorCode, string>> = {
  unavailable: 'the event log cannot be written now',
  full: 'there is no room for more events now',
  'setting-refused': 'the event log refuses a setting of this server',
  misconfigured: 'the event log is not set up as it must be',
  corrupt: 'the event log is damaged',
};

export interface AcceptPorts {
  readonly queue: AppendQueue;
  readonly metrics: IngestionMetrics;
  readonly correlation: Correlation;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/**
 * Resolves when all records are durable.
 *
 * @throws {Problem} 503 with Retry-After. The records may be in the log or not; sending them again is safe, since
 *   repeated ids count once.
 */
export async function accept(
  records: readonly NewRecord[],
  { queue, metrics, correlation, tracing }: AcceptPorts,
): Promise<void> {
  const placed = records.map((record) => inPartition(record, correlation));
  try {
    if (tracing === undefined) await queue.add(placed);
    else await tracing.send(placed, (traced) => queue.add(traced));
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    metrics.rejected(error.code === 'full' ? 'queue_full' : 'log_unavailable', records.length);
    // Not the error's message, which is for operators: it names files and brokers.
    throw new Problem(503, `The events were not accepted: ${REASONS[error.code]}. Send them again`, {
      retryAfterS: RETRY_AFTER_S,
    });
  }
}

/** An evaluation of a call that came by OTLP goes where the reports of that call are. */
function inPartition(record: NewRecord, correlation: Correlation): NewRecord {
  if (record.topic !== TOPICS.evaluations) return record;
  const traceId = traceIdOf(record.key);
  if (traceId === null) return record;
  return { ...record, key: correlationKey(correlation, record.senderTenant ?? null, traceId) };
}
