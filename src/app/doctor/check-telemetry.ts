import type { SettingsOf } from '../../settings/settings-table.ts';
import { metricsUrlOf, tracesUrlOf } from '../open/export-url.ts';
import { broken, type Finding, ok } from './finding.ts';

/** OpenTelemetry's exporters try again until then. */
const EXPORT_MS_MAX = 3_000;

/** Whether what is sent by OTLP would be taken: an export of nothing goes where the settings say, as they say. */
export async function checkTelemetry(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  const [traces, metrics] = [tracesUrlOf(settings), metricsUrlOf(settings)];
  if (traces === null && metrics === null) return [];
  const { sendNoMetrics, sendNoSpans } = await import('../../tracing/try-export.ts');
  const findings = [
    traces === null ? null : checkExport('traces', traces, await sendNoSpans(traces, EXPORT_MS_MAX)),
    metrics === null ? null : checkExport('metrics', metrics, await sendNoMetrics(metrics, EXPORT_MS_MAX)),
  ];
  return findings.filter((finding) => finding !== null);
}

export function checkExport(signal: 'traces' | 'metrics', url: string, error: Error | null): Finding {
  const what = `OTLP ${signal}`;
  if (error === null) return ok(what, `${url} takes them`);
  const { code, message } = error as Error & { readonly code?: number | string };
  const isRefused = code === 401 || code === 403;
  const advice = isRefused
    ? `check OTEL_EXPORTER_OTLP_HEADERS or OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`
    : `check OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT`;
  return broken(what, `${url} takes none (${reasonOf(code, message)}); ${advice}. Everything else works without`);
}

function reasonOf(code: number | string | undefined, message: string): string {
  const text = message.trim() === '' ? 'no answer' : message.trim().slice(0, 200);
  return code === undefined || text.includes(String(code)) ? text : `${code} ${text}`;
}
