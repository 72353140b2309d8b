import type { SettingsOf } from '../../settings/settings-table.ts';

type ExportSettings = SettingsOf<'doctor'>;
type Shared = Pick<ExportSettings, 'otelSdkDisabled' | 'otelEndpoint'>;

/** OpenTelemetry's own default. */
const ENDPOINT = 'http://localhost:4318';

/** Where spans are sent to; null where nobody wants them. */
export function tracesUrlOf(
  settings: Shared & Pick<ExportSettings, 'otelTracesExporter' | 'otelTracesEndpoint'>,
): string | null {
  const { otelTracesExporter: exporter, otelTracesEndpoint: endpoint } = settings;
  return exportUrl('/v1/traces', settings, { exporter, endpoint });
}

/** Where metrics are pushed to; null where nobody wants them. */
export function metricsUrlOf(
  settings: Shared & Pick<ExportSettings, 'otelMetricsExporter' | 'otelMetricsEndpoint'>,
): string | null {
  const { otelMetricsExporter: exporter, otelMetricsEndpoint: endpoint } = settings;
  return exportUrl('/v1/metrics', settings, { exporter, endpoint });
}

interface OfSignal {
  readonly exporter: ExportSettings['otelTracesExporter'];
  /** Taken as it is, without the path behind it. */
  readonly endpoint: string | undefined;
}

function exportUrl(
  path: string,
  { otelSdkDisabled, otelEndpoint }: Shared,
  { exporter, endpoint }: OfSignal,
): string | null {
  const isWanted = exporter === undefined ? (endpoint ?? otelEndpoint) !== undefined : exporter === 'otlp';
  if (!isWanted || otelSdkDisabled) return null;
  return endpoint ?? `${otelEndpoint ?? ENDPOINT}${path}`;
}
