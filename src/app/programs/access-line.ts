import type { SettingsOf } from '../../settings/settings-table.ts';

type BoundSettings = Pick<SettingsOf<'metrics-processor'>, 'host' | 'tlsCert'>;

/** Who gets in, for the lines of a start: where it is bound, and whether keys are required. */
export function accessLine(
  settings: BoundSettings & Pick<SettingsOf<'up' | 'ingestion-api' | 'metrics-api'>, 'apiKeys'>,
): string {
  const bound = boundLine(settings);
  if (settings.apiKeys === 'required') return `${bound}; API keys are required`;
  const keys = 'API keys are not required (API_KEYS)';
  if (isLoopback(settings.host)) return `${bound}; ${keys}`;
  return `${bound}; WARNING: ${keys}, so whoever reaches it may send, and read every tenant`;
}

/** Where it is bound, of a role that asks nobody for a key. */
export function boundLine({ host, tlsCert }: BoundSettings): string {
  const where = isLoopback(host) ? `${host}, reached from this machine only (HOST)` : `${host} (HOST)`;
  return `bound to        ${where}${tlsCert === undefined ? '' : ', by TLS (TLS_CERT)'}`;
}

/** `https://localhost:8081`, or without TLS `http://…` */
export function localUrl({ tlsCert }: Pick<BoundSettings, 'tlsCert'>, port: number): string {
  return `${tlsCert === undefined ? 'http' : 'https'}://localhost:${port}`;
}

/** Where OTLP is taken. @param grpcPort undefined where it is off, or another process has the port */
export function otlpLine(httpUrl: string, grpcPort: number | undefined): string {
  const grpc = grpcPort === undefined ? 'not over gRPC' : `gRPC localhost:${grpcPort}`;
  return `OTLP            ${httpUrl}/v1/traces, ${grpc}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
