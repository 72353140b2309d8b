import type { NewRecord } from '../event-log/event-log.ts';
import { type Correlation, correlationKey } from '../events/correlation-key.ts';
import { TOPICS } from '../events/topics.ts';
import { decodeTraces, type OtlpFormat } from '../otlp/decode/decode-traces.ts';
import type { KeyTable } from '../otlp/decode/key-table.ts';
import type { Decoded } from '../otlp/decode/trace-export.ts';
import { explainExport } from '../otlp/explain.ts';
import { type SpansToReports, spansToReports } from '../otlp/spans-to-reports.ts';
import type { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';

/** A decompressed export, and whose key sent it. Plain values, which can go to another thread. */
export interface SentExport {
  readonly body: Uint8Array;
  readonly format: OtlpFormat;
  /** Null without keys, or for a key of all tenants. */
  readonly tenantOfKey: string | null;
}

/** What an export becomes. */
export interface Translation extends Pick<SpansToReports, 'uncounted' | 'rejected'> {
  readonly records: readonly NewRecord[];
  /** What the reports among them are. */
  readonly kinds: { readonly calls: number; readonly context: number };
  /** Spans that say nothing about calls. They are accepted and not kept. */
  readonly ignored: number;
}

export interface TranslationContext {
  readonly keys: KeyTable;
  readonly dimensions: DimensionFinder;
  readonly correlation: Correlation;
}

/** Makes records of the spans of one export. Spans and reports are garbage when it returns. */
export function translateExport(
  { body, format, tenantOfKey }: SentExport,
  { keys, dimensions, correlation }: TranslationContext,
): Decoded<Translation> {
  const decoded = decodeTraces(body, format, keys);
  if (!decoded.ok) return decoded;
  const { translated, rejected, uncounted } = spansToReports(decoded.value, { tenantOfKey, dimensions });
  const records: NewRecord[] = [];
  const kinds = { calls: 0, context: 0 };
  for (const { report } of translated) {
    if (report === null) continue;
    kinds[report.kind === 'context' ? 'context' : 'calls']++;
    const key = correlationKey(correlation, tenantOfKey, report.trace_id);
    const value = Buffer.from(JSON.stringify(report));
    records.push({ topic: TOPICS.reports, key, value, senderTenant: tenantOfKey });
  }
  const ignored = translated.length - records.length - rejected.length;
  return { ok: true, value: { records, kinds, ignored, uncounted, rejected } };
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
