import type { SettingsOf } from '../../settings/settings-table.ts';

/** Who gets in, for the lines of a start: where it is bound, and whether keys are required. */
export function accessLine({
  host,
  apiKeys,
}: Pick<SettingsOf<'up' | 'ingestion-api' | 'metrics-api'>, 'host' | 'apiKeys'>): string {
  const where = isLoopback(host) ? `${host}, reached from this machine only (HOST)` : `${host} (HOST)`;
  if (apiKeys === 'required') return `bound to        ${where}; API keys are required`;
  const keys = 'API keys are not required (API_KEYS)';
  if (isLoopback(host)) return `bound to        ${where}; ${keys}`;
  return `bound to        ${where}; WARNING: ${keys}, so whoever reaches it may send, and read every tenant`;
}

/** Where OTLP is taken. @param grpcPort undefined where it is off, or another process has the port */
export function otlpLine({ httpPort, grpcPort }: { httpPort: number; grpcPort: number | undefined }): string {
  const grpc = grpcPort === undefined ? 'not over gRPC' : `gRPC localhost:${grpcPort}`;
  return `OTLP            http://localhost:${httpPort}/v1/traces, ${grpc}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
