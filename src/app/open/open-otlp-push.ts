import type { Logger } from '../../http/logger.ts';
import type { LlmReading } from '../../metrics-api/prometheus/llm-metrics.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { metricsUrlOf } from './export-url.ts';
import { resourceAttributes } from './open-tracing.ts';

/** Undefined where nobody wants metrics by OTLP: then OpenTelemetry's SDK is not even loaded. */
export async function openOtlpPush(
  settings: SettingsOf<'up' | 'metrics-api'>,
  logger: Logger,
  read: () => Promise<LlmReading | null>,
): Promise<{ stop(): Promise<void> } | undefined> {
  const url = metricsUrlOf(settings);
  if (url === null) return undefined;
  const { OtlpPush } = await import('../../metrics-api/otlp/otlp-push.ts');
  return new OtlpPush({
    url,
    // Whoever pushes, and after each restart, it is one stream: no instance is named.
    attributes: resourceAttributes(settings, 'metrics-api'),
    intervalMs: settings.otelMetricExportIntervalMs,
    logger,
    read,
  });
}
