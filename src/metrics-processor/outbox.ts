import type { EventLog } from '../event-log/event-log.ts';
import { formatInstant } from '../events/timestamp.ts';
import { TOPICS } from '../events/topics.ts';
import { metricsJson, windowName } from '../metrics-store/metrics-json.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import type { DeadLetter, PublishableRow } from '../metrics-store/outbox.ts';
import { MINUTE_MS } from '../tally/window.ts';
import type { ProcessorEvents } from './processor-events.ts';

const ROWS_MAX = 1000;
const LETTERS_MAX = 100;

/**
 * Publishes what changed in the store and is not on its topic yet. At least once: a crash between append and mark
 * repeats rows, which is harmless because a row carries its totals and a growing `revision`.
 *
 * @returns how much was published; 0 means that there is nothing to do
 */
export async function publishChanges(
  { log, store }: { log: EventLog; store: MetricsStore },
  events: Pick<ProcessorEvents, 'published'>,
): Promise<number> {
  const rows = await store.unpublishedRows(ROWS_MAX);
  if (rows.length > 0) {
    await log.append(rows.map(rowRecord));
    await store.markRowsPublished(rows);
  }
  const letters = await store.unpublishedDeadLetters(LETTERS_MAX);
  if (letters.length > 0) {
    await log.append(letters.map(letterRecord));
    await store.markDeadLettersPublished(letters);
  }
  if (rows.length + letters.length > 0) events.published({ rows: rows.length, deadLetters: letters.length });
  return rows.length + letters.length;
}

function rowRecord({ tenantId, route, model, windowStartMs, tally, revision }: PublishableRow) {
  const subject = { tenantId, route, model, window: windowName(windowStartMs, windowStartMs + MINUTE_MS) };
  const value = { ...metricsJson(subject, tally), revision };
  return { topic: TOPICS.metrics, key: `${tenantId}|${route}|${model}`, value: Buffer.from(JSON.stringify(value)) };
}

function letterRecord({ key, value, ...letter }: DeadLetter) {
  const body = {
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    logged_at: formatInstant(letter.loggedAtMs),
    reason: letter.reason,
    detail: letter.detail,
    tenant_id: letter.tenantId,
    key_base64: key === null ? null : Buffer.from(key).toString('base64'),
    value_base64: value === null ? null : Buffer.from(value).toString('base64'),
  };
  const ownKey = key === null ? '' : Buffer.from(key).toString('utf8');
  return { topic: TOPICS.deadLetters, key: ownKey, value: Buffer.from(JSON.stringify(body)) };
}
