import { randomUUID } from 'node:crypto';
import { SettingError } from '../../settings/read-settings.ts';
import type { Command } from '../../settings/setting.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { VERSION } from '../version.ts';
import { tracesUrlOf } from './export-url.ts';

type Server = Extract<Command, 'up' | 'ingestion-api' | 'metrics-processor' | 'metrics-api'>;

export type TelemetrySettings = Pick<
  SettingsOf<Server>,
  | 'otelSdkDisabled'
  | 'otelTracesExporter'
  | 'otelEndpoint'
  | 'otelTracesEndpoint'
  | 'otelServiceName'
  | 'otelResourceAttributes'
  | 'otelTracesSampler'
  | 'otelTracesSamplerArg'
  | 'otelBspScheduleDelayMs'
>;

/** Undefined where nobody wants spans: then OpenTelemetry's SDK is not even loaded. */
export async function openTracing(
  settings: TelemetrySettings & { readonly kafkaBrokers?: readonly string[] | undefined },
  role: string,
): Promise<Tracing | undefined> {
  const url = tracesUrlOf(settings);
  const attributes = resourceAttributes(settings, role);
  if (url === null) return undefined;
  const { OtelTracing } = await import('../../tracing/otel-tracing.ts');
  return new OtelTracing({
    url,
    attributes: { ...attributes, 'service.instance.id': randomUUID() },
    sampler: settings.otelTracesSampler,
    samplerArg: settings.otelTracesSamplerArg,
    scheduleDelayMs: settings.otelBspScheduleDelayMs,
    messagingSystem: settings.kafkaBrokers === undefined ? 'streamlens' : 'kafka',
  });
}

/** What stands beside everything that is sent. @throws {SettingError} where it cannot be read */
export function resourceAttributes(settings: TelemetrySettings, role: string): Readonly<Record<string, string>> {
  const given = (settings.otelResourceAttributes ?? '')
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new SettingError(`OTEL_RESOURCE_ATTRIBUTES must be key=value,key=value; got ${pair}`);
      return [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const;
    });
  const { 'service.name': name = 'streamlens', ...others } = Object.fromEntries(given) as Record<string, string>;
  return {
    ...others,
    'service.name': settings.otelServiceName ?? name,
    'service.version': VERSION,
    'streamlens.role': role,
  };
}

/** Values are percent-encoded where they hold commas. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
