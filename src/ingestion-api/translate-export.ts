import type { NewRecord } from '../event-log/event-log.ts';
import { type Correlation, correlationKey } from '../events/correlation-key.ts';
import { TOPICS } from '../events/topics.ts';
import { decodeLogs } from '../otlp/decode/decode-logs.ts';
import { decodeTraces, type OtlpFormat } from '../otlp/decode/decode-traces.ts';
import type { KeyTable } from '../otlp/decode/key-table.ts';
import type { Decoded } from '../otlp/decode/trace-export.ts';
import { explainExport } from '../otlp/explain.ts';
import { explainLogs } from '../otlp/explain-logs.ts';
import { logsToReports } from '../otlp/logs-to-reports.ts';
import { type SpansToReports, spansToReports } from '../otlp/spans-to-reports.ts';
import type { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';

/** The signals that calls are counted from. */
export type KeptSignal = 'traces' | 'logs';

/** A decompressed export, and whose key sent it. Plain values, which can go to another thread. */
export interface SentExport {
  readonly body: Uint8Array;
  readonly format: OtlpFormat;
  readonly signal: KeptSignal;
  /** Null without keys, or for a key of all tenants. */
  readonly tenantOfKey: string | null;
}

/** What an export becomes. */
export interface Translation extends Pick<SpansToReports, 'uncounted' | 'rejected'> {
  readonly records: readonly NewRecord[];
  /** What the reports among them are. */
  readonly kinds: { readonly calls: number; readonly context: number };
  /** Spans or log records that say nothing about calls. They are accepted and not kept. */
  readonly ignored: number;
}

export interface TranslationContext {
  readonly keys: KeyTable;
  readonly dimensions: DimensionFinder;
  readonly correlation: Correlation;
  readonly keepUserEmail: boolean;
}

/** Makes records of what the items of one export say. Items and reports are garbage when it returns. */
export function translateExport(
  { body, format, signal, tenantOfKey }: SentExport,
  context: TranslationContext,
): Decoded<Translation> {
  const said = sayings({ body, format, signal, tenantOfKey }, context);
  if (!said.ok) return said;
  const { translated, rejected, uncounted } = said.value;
  const records: NewRecord[] = [];
  const kinds = { calls: 0, context: 0 };
  for (const { report } of translated) {
    if (report === null) continue;
    kinds[report.kind === 'context' ? 'context' : 'calls']++;
    const key = correlationKey(context.correlation, tenantOfKey, correlated(report));
    const value = Buffer.from(JSON.stringify(report));
    records.push({ topic: TOPICS.reports, key, value, senderTenant: tenantOfKey });
  }
  const ignored = translated.length - records.length - rejected.length;
  return { ok: true, value: { records, kinds, ignored, uncounted, rejected } };
}

interface Sayings extends Pick<SpansToReports, 'uncounted' | 'rejected'> {
  readonly translated: readonly Pick<SpansToReports['translated'][number], 'report'>[];
}

function sayings(
  { body, format, signal, tenantOfKey }: SentExport,
  { keys, dimensions, keepUserEmail }: TranslationContext,
): Decoded<Sayings> {
  const options = { tenantOfKey, dimensions, keepUserEmail };
  if (signal === 'logs') {
    const decoded = decodeLogs(body, format, keys);
    return decoded.ok ? { ok: true, value: logsToReports(decoded.value, options) } : decoded;
  }
  const decoded = decodeTraces(body, format, keys);
  return decoded.ok ? { ok: true, value: spansToReports(decoded.value, options) } : decoded;
}

/** The records of an agent and its spans lie in different traces; its session is what they have in common. */
function correlated({ agent, process, trace_id }: NonNullable<Sayings['translated'][number]['report']>): string {
  return agent === undefined ? trace_id : process.trim();
}

/** What `POST /v1/otlp/explain` answers, as JSON, and how many spans it explains. */
export interface ExplainedExport {
  readonly spans: number;
  readonly json: string;
}

export function explainAsJson(
  { body, format, tenantOfKey }: Omit<SentExport, 'signal'>,
  { keys, dimensions, keepUserEmail }: Pick<TranslationContext, 'keys' | 'dimensions' | 'keepUserEmail'>,
): Decoded<ExplainedExport> {
  const options = { tenantOfKey, keys, dimensions, keepUserEmail };
  const explained = explainExport(body, format, options);
  if (!explained.ok) {
    const logs = explainLogs(body, format, options);
    if (!logs.ok) return explained;
    return { ok: true, value: { spans: logs.value.length, json: JSON.stringify({ logs: logs.value }) } };
  }
  return {
    ok: true,
    value: { spans: explained.value.length, json: JSON.stringify({ spans: explained.value }) },
  };
}
