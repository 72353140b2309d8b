import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { OWN_EXPORT_HEADER } from './tracing.ts';

/** Sends an export without spans, with the headers and certificates of the environment. @returns why it was refused */
export async function sendNoSpans(url: string, timeoutMillis: number): Promise<Error | null> {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis, headers: { [OWN_EXPORT_HEADER]: 'traces' } });
  return outcomeOf(exporter, (told) => exporter.export([], told));
}

/** As `sendNoSpans`, without metrics. */
export async function sendNoMetrics(url: string, timeoutMillis: number): Promise<Error | null> {
  const exporter = new OTLPMetricExporter({ url, timeoutMillis, headers: { [OWN_EXPORT_HEADER]: 'metrics' } });
  const nothing = { resource: resourceFromAttributes({}), scopeMetrics: [] };
  return outcomeOf(exporter, (told) => exporter.export(nothing, told));
}

async function outcomeOf(
  exporter: { shutdown(): Promise<void> },
  send: (told: (result: { readonly code: number; readonly error?: Error }) => void) => void,
): Promise<Error | null> {
  try {
    return await new Promise((resolve) => {
      send(({ code, error }) => resolve(code === 0 ? null : (error ?? new Error('no reason was given'))));
    });
  } finally {
    await exporter.shutdown();
  }
}
