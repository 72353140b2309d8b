import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './read-settings.ts';
import { TELEMETRY_SETTINGS } from './telemetry-settings.ts';

test('no telemetry is sent unless somebody says where to or that it is wanted', () => {
  const { otelEndpoint, otelTracesEndpoint, otelTracesExporter } = readSettings('up', { flags: {}, env: {} });
  assert.deepEqual([otelEndpoint, otelTracesEndpoint, otelTracesExporter], [undefined, undefined, undefined]);
});

test('the settings of telemetry are those of OpenTelemetry, and every server reads them, doctor the places', () => {
  for (const { env, commands } of Object.values(TELEMETRY_SETTINGS)) {
    assert.match(env, /^OTEL_/);
    // Metrics of calls are pushed by who answers questions about them.
    const isOfMetrics = /_METRIC/.test(env);
    const servers = ['up', 'ingestion-api', 'metrics-processor', 'metrics-api'];
    const readers: readonly string[] = commands;
    assert.deepEqual(
      readers.filter((command) => command !== 'doctor'),
      isOfMetrics ? ['up', 'metrics-api'] : servers,
    );
    if (env.endsWith('_ENDPOINT')) assert.ok(readers.includes('doctor'), env);
  }
});
