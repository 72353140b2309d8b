import type { NewRecord } from '../event-log/event-log.ts';
import { EventLogError, type EventLogErrorCode } from '../event-log/event-log-error.ts';
import { Problem } from '../http/problem.ts';
import type { AppendQueue } from './append-queue.ts';
import type { IngestionMetrics } from './ingestion-metrics.ts';

const RETRY_AFTER_S = 1;

const REASONS: Readonly<Record<EventLogErrorCode, string>> = {
  unavailable: 'the event log cannot be written now',
  full: 'there is no room for more events now',
  'setting-refused': 'the event log refuses a setting of this server',
  misconfigured: 'the event log is not set up as it must be',
  corrupt: 'the event log is damaged',
};

/**
 * Resolves when all records are durable.
 *
 * @throws {Problem} 503 with Retry-After. The records may be in the log or not; sending them again is safe, since
 *   repeated ids count once.
 */
export async function accept(
  records: readonly NewRecord[],
  { queue, metrics }: { queue: AppendQueue; metrics: IngestionMetrics },
): Promise<void> {
  try {
    await queue.add(records);
  } catch (error) {
    if (!(error instanceof EventLogError)) throw error;
    metrics.rejected(error.code === 'full' ? 'queue_full' : 'log_unavailable', records.length);
    // Not the error's message, which is for operators: it names files and brokers.
    throw new Problem(503, `The events were not accepted: ${REASONS[error.code]}. Send them again`, {
      retryAfterS: RETRY_AFTER_S,
    });
  }
}
