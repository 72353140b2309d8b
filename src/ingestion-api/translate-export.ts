import type { NewRecord } from '../event-log/event-log.ts';
import { TOPIC_OF } from '../events/topics.ts';
import { decodeTraces, type OtlpFormat } from '../otlp/decode/decode-traces.ts';
import type { KeyTable } from '../otlp/decode/key-table.ts';
import type { Decoded } from '../otlp/decode/trace-export.ts';
import { explainExport } from '../otlp/explain.ts';
import type { RecentCalls } from '../otlp/fold/recent-calls.ts';
import { type SpansToEvents, spansToEvents } from '../otlp/spans-to-events.ts';
import type { CallEvent } from '../otlp/to-events/call-events.ts';
import { eventText } from '../otlp/to-events/event-text.ts';
import type { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';

/** A decompressed export, and whose key sent it. Plain values, which can go to another thread. */
export interface SentExport {
  readonly body: Uint8Array;
  readonly format: OtlpFormat;
  /** Null without keys, or for a key of all tenants. */
  readonly tenantOfKey: string | null;
}

/** What an export becomes. */
export interface Translation extends Pick<SpansToEvents, 'calls' | 'ignored' | 'uncounted' | 'rejected' | 'marks'> {
  readonly records: readonly NewRecord[];
}

export interface TranslationContext {
  readonly keys: KeyTable;
  readonly dimensions: DimensionFinder;
  /** Null where the export stands alone. */
  readonly recent: RecentCalls | null;
}

/** Makes records of the spans of one export. Spans and events are garbage when it returns. */
export function translateExport(
  { body, format, tenantOfKey }: SentExport,
  { keys, dimensions, recent }: TranslationContext,
): Decoded<Translation> {
  const decoded = decodeTraces(body, format, keys);
  if (!decoded.ok) return decoded;
  const { events, ...rest } = spansToEvents(decoded.value, { tenantOfKey, dimensions, recent });
  const { calls, ignored, uncounted, rejected, marks } = rest;
  const records = events.map((event) => toRecord(event, tenantOfKey));
  return { ok: true, value: { records, calls, ignored, uncounted, rejected, marks } };
}

/** What `POST /v1/otlp/explain` answers, as JSON, and how many spans it explains. */
export interface ExplainedExport {
  readonly spans: number;
  readonly json: string;
}

export function explainAsJson(
  { body, format, tenantOfKey }: SentExport,
  { dimensions }: Pick<TranslationContext, 'dimensions'>,
): Decoded<ExplainedExport> {
  const explained = explainExport(body, format, { tenantOfKey, dimensions });
  if (!explained.ok) return explained;
  return {
    ok: true,
    value: { spans: explained.value.length, json: JSON.stringify({ spans: explained.value }) },
  };
}

function toRecord(event: CallEvent, senderTenant: string | null): NewRecord {
  const value = Buffer.from(eventText(event));
  return { topic: TOPIC_OF[event.type], key: event.request_id, value, senderTenant };
}
