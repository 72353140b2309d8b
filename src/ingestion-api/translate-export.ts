import type { NewRecord } from '../event-log/event-log.ts';
import { type Correlation, correlationKey } from '../events/correlation-key.ts';
import { TOPICS } from '../events/topics.ts';
import { decodeLogs } from '../otlp/decode/decode-logs.ts';
import { decodeMetrics } from '../otlp/decode/decode-metrics.ts';
import { decodeTraces, type OtlpFormat } from '../otlp/decode/decode-traces.ts';
import type { KeyTable } from '../otlp/decode/key-table.ts';
import type { Decoded } from '../otlp/decode/trace-export.ts';
import { isMeterName } from '../otlp/dialects/metrics/metric-dialects.ts';
import { explainExport, type SpanExplanation } from '../otlp/explain.ts';
import { explainLogs } from '../otlp/explain-logs.ts';
import { explainMetrics } from '../otlp/explain-metrics.ts';
import type { Signal } from '../otlp/export-answer.ts';
import { logsToReports } from '../otlp/logs-to-reports.ts';
import { metricsToReports } from '../otlp/metrics-to-reports.ts';
import { type SpansToReports, spansToReports } from '../otlp/spans-to-reports.ts';
import type { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';

/** A decompressed export, and whose key sent it. Plain values, which can go to another thread. */
export interface SentExport {
  readonly body: Uint8Array;
  readonly format: OtlpFormat;
  readonly signal: Signal;
  /** Null without keys, or for a key of all tenants. */
  readonly tenantOfKey: string | null;
}

/** What an export becomes. */
export interface Translation extends Pick<SpansToReports, 'uncounted' | 'rejected'> {
  readonly records: readonly NewRecord[];
  /** What the items were that said something: of spans and log records calls or context, of data points those kept. */
  readonly kinds: { readonly calls: number; readonly context: number; readonly kept: number };
  /** Items that say nothing about calls or their use. They are accepted and not kept. */
  readonly ignored: number;
}

export interface TranslationContext {
  readonly keys: KeyTable;
  /** Keeps every key: all attributes together say which series a data point is of. */
  readonly allKeys: KeyTable;
  readonly dimensions: DimensionFinder;
  readonly correlation: Correlation;
  readonly keepUserEmail: boolean;
}

/** Makes records of what the items of one export say. Items and reports are garbage when it returns. */
export function translateExport(
  { body, format, signal, tenantOfKey }: SentExport,
  context: TranslationContext,
): Decoded<Translation> {
  if (signal === 'metrics') return translateMetrics({ body, format, tenantOfKey }, context);
  const said = sayings({ body, format, signal, tenantOfKey }, context);
  if (!said.ok) return said;
  const { translated, rejected, uncounted } = said.value;
  const records: NewRecord[] = [];
  const kinds = { calls: 0, context: 0, kept: 0 };
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

/** Reports of use lie where the calls of the same sender do, though nothing depends on it. */
function translateMetrics(
  { body, format, tenantOfKey }: Omit<SentExport, 'signal'>,
  { allKeys, dimensions, correlation }: TranslationContext,
): Decoded<Translation> {
  const decoded = decodeMetrics(body, format, { keys: allKeys, wants: isMeterName });
  if (!decoded.ok) return decoded;
  const said = metricsToReports(decoded.value, { tenantOfKey, dimensions });
  const { reports, pointCount, rejected, uncounted } = said;
  const records = reports.map((report): NewRecord => {
    const key = correlationKey(correlation, tenantOfKey, `${report.service} ${report.session}`);
    return { topic: TOPICS.reports, key, value: Buffer.from(JSON.stringify(report)), senderTenant: tenantOfKey };
  });
  const kept = reports.reduce((sum, { points }) => sum + points.length, 0);
  const kinds = { calls: 0, context: 0, kept };
  return { ok: true, value: { records, kinds, ignored: pointCount - kept - rejected.length, uncounted, rejected } };
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
  // In protobuf nothing says which signal a body is of, and the numbers of fields fit more than one.
  if (explained.ok && (format === 'json' || explained.value.some(hasTraceId)))
    return explainedAs('spans', explained.value);
  const logs = explainLogs(body, format, options);
  if (logs.ok && (format === 'json' ? logs.value.length > 0 : logs.value.some(({ name }) => name !== '')))
    return explainedAs('logs', logs.value);
  const metrics = explainMetrics(body, format, options);
  if (metrics.ok && (format === 'json' || metrics.value.length > 0)) return explainedAs('metrics', metrics.value);
  if (logs.ok && format === 'json') return explainedAs('logs', logs.value);
  return explained.ok ? explainedAs('spans', explained.value) : explained;
}

function hasTraceId({ trace_id }: SpanExplanation): boolean {
  return /^[0-9a-f]{32}$/.test(trace_id);
}

function explainedAs(signal: 'spans' | 'logs' | 'metrics', items: readonly object[]): Decoded<ExplainedExport> {
  return { ok: true, value: { spans: items.length, json: JSON.stringify({ [signal]: items }) } };
}
