import type { NewRecord } from '../event-log/event-log.ts';
import { type Correlation, correlationKey } from '../events/correlation-key.ts';
import type { TenantScope } from '../events/tenant-scope.ts';
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
import { foreignReason, namedTenants } from './named-tenants.ts';

/** A decompressed export, and whose key sent it. Plain values, which can go to another thread. */
export interface SentExport {
  readonly body: Uint8Array;
  readonly format: OtlpFormat;
  readonly signal: Signal;
  /** Those of the sender's key; null without keys. */
  readonly tenants: TenantScope;
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
  { body, format, signal, tenants }: SentExport,
  context: TranslationContext,
): Decoded<Translation> {
  if (signal === 'metrics') return translateMetrics({ body, format, tenants }, context);
  const said = sayings({ body, format, signal, tenants }, context);
  if (!said.ok) return said;
  const { translated, uncounted } = said.value;
  const rejected = [...said.value.rejected];
  const tenantOfKey = onlyTenant(tenants);
  const reports = translated.flatMap(({ report }) => report ?? []);
  const named = isOfSeveral(tenants) ? namedTenants(reports) : null;
  const records: NewRecord[] = [];
  const kinds = { calls: 0, context: 0, kept: 0 };
  for (const report of reports) {
    const sender = named === null ? tenantOfKey : (named.get(report) ?? null);
    const why = foreignReason(tenants, sender);
    if (why !== null) {
      // What only links others is of no use to anybody then; it is ignored.
      if (report.kind !== 'context') rejected.push({ spanId: report.span_id, reason: why });
      continue;
    }
    kinds[report.kind === 'context' ? 'context' : 'calls']++;
    const key = correlationKey(context.correlation, sender, correlated(report));
    const value = Buffer.from(JSON.stringify(named === null ? report : { ...report, sender: sender ?? '' }));
    records.push({ topic: TOPICS.reports, key, value, senderTenant: sender });
  }
  const ignored = translated.length - records.length - rejected.length;
  return { ok: true, value: { records, kinds, ignored, uncounted, rejected } };
}

/** The key's one tenant, which wins over every attribute; null where it is for several or all. */
function onlyTenant(tenants: TenantScope): string | null {
  return tenants?.length === 1 ? (tenants[0] ?? null) : null;
}

function isOfSeveral(tenants: TenantScope): boolean {
  return tenants !== null && tenants.length > 1;
}

/** Reports of use lie where the calls of the same sender do, though nothing depends on it. */
function translateMetrics(
  { body, format, tenants }: Omit<SentExport, 'signal'>,
  { allKeys, dimensions, correlation }: TranslationContext,
): Decoded<Translation> {
  const decoded = decodeMetrics(body, format, { keys: allKeys, wants: isMeterName });
  if (!decoded.ok) return decoded;
  const tenantOfKey = onlyTenant(tenants);
  const { reports, pointCount, uncounted, ...said } = metricsToReports(decoded.value, { tenantOfKey, dimensions });
  const rejected = [...said.rejected];
  const records: NewRecord[] = [];
  let kept = 0;
  for (const report of reports) {
    const sender = isOfSeveral(tenants) ? (report.tenant ?? null) : tenantOfKey;
    const why = foreignReason(tenants, sender);
    if (why !== null) {
      rejected.push(...report.points.map(() => ({ spanId: report.service, reason: why })));
      continue;
    }
    kept += report.points.length;
    const key = correlationKey(correlation, sender, `${report.service} ${report.session}`);
    const value = Buffer.from(JSON.stringify({ ...report, sender: sender ?? '' }));
    records.push({ topic: TOPICS.reports, key, value, senderTenant: sender });
  }
  const kinds = { calls: 0, context: 0, kept };
  return { ok: true, value: { records, kinds, ignored: pointCount - kept - rejected.length, uncounted, rejected } };
}

interface Sayings extends Pick<SpansToReports, 'uncounted' | 'rejected'> {
  readonly translated: readonly Pick<SpansToReports['translated'][number], 'report'>[];
}

function sayings(
  { body, format, signal, tenants }: SentExport,
  { keys, dimensions, keepUserEmail }: TranslationContext,
): Decoded<Sayings> {
  const options = { tenantOfKey: onlyTenant(tenants), dimensions, keepUserEmail };
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
  { body, format, tenants }: Omit<SentExport, 'signal'>,
  { keys, dimensions, keepUserEmail }: Pick<TranslationContext, 'keys' | 'dimensions' | 'keepUserEmail'>,
): Decoded<ExplainedExport> {
  const options = { tenantOfKey: onlyTenant(tenants), keys, dimensions, keepUserEmail };
  const explained = explainExport(body, format, options);
  // In protobuf nothing says which signal a body is of, and the numbers of fields fit more than one.
  if (explained.ok && (format === 'json' || explained.value.some(hasTraceId)))
    return explainedAs('spans', judgedFor(tenants, explained.value));
  const logs = explainLogs(body, format, options);
  if (logs.ok && (format === 'json' ? logs.value.length > 0 : logs.value.some(({ name }) => name !== '')))
    return explainedAs('logs', judgedFor(tenants, logs.value));
  const metrics = explainMetrics(body, format, options);
  if (metrics.ok && (format === 'json' || metrics.value.length > 0)) return explainedAs('metrics', metrics.value);
  if (logs.ok && format === 'json') return explainedAs('logs', logs.value);
  return explained.ok ? explainedAs('spans', explained.value) : explained;
}

/** With a key of several tenants, what is of none of them would be refused. */
function judgedFor(tenants: TenantScope, items: readonly SpanExplanation[]): readonly SpanExplanation[] {
  if (!isOfSeveral(tenants)) return items;
  return items.map((item) => {
    const named = item.fields.find(({ field }) => field === 'tenant')?.value;
    const reason = foreignReason(tenants, named === undefined ? null : String(named));
    return reason === null || item.outcome !== 'counted' ? item : { ...item, outcome: 'rejected', reason, events: [] };
  });
}

function hasTraceId({ trace_id }: SpanExplanation): boolean {
  return /^[0-9a-f]{32}$/.test(trace_id);
}

function explainedAs(signal: 'spans' | 'logs' | 'metrics', items: readonly object[]): Decoded<ExplainedExport> {
  return { ok: true, value: { spans: items.length, json: JSON.stringify({ [signal]: items }) } };
}
