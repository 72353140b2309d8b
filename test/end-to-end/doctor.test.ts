import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startOtlpReceiver } from './otlp-receiver.ts';
import { dataDirFor, endOf, serverFor } from './running-server.ts';

const FREE_PORTS = ['--ingestion-port', '0', '--metrics-port', '0'];

const doctor = (args: readonly string[], env: Record<string, string> = {}) => endOf(['doctor', ...args], env);

test('doctor finds nothing broken where nothing was started yet, and on a running server', async (t) => {
  const dataDir = dataDirFor(t);
  const before = await doctor(['--data-dir', join(dataDir, 'new'), ...FREE_PORTS]);
  assert.equal(before.code, 0, before.text);
  assert.match(before.text, /note {4}data directory: .*new is not there yet/);
  const server = await serverFor(t, {}, { dataDir });
  const ports = ['--ingestion-port', new URL(server.ingestion).port, '--metrics-port', new URL(server.metrics).port];
  const { code, text } = await doctor(['--data-dir', dataDir, ...ports]);
  assert.equal(code, 0, text);
  assert.match(text, /a StreamLens is running on/);
  assert.match(text, /INGESTION_PORT: StreamLens answers on \d+/);
  assert.match(text, /metrics store: SQLite answers and has this version's schema/);
});

test('doctor says what is broken and what to do, and ends with 1', async (t) => {
  const dataDir = dataDirFor(t);
  writeFileSync(join(dataDir, 'metrics.sqlite'), 'no database at all, but long enough to look at'.repeat(50));
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  const args = [
    '--data-dir',
    dataDir,
    '--ingestion-port',
    String(port),
    '--metrics-port',
    '0',
    '--prices-file',
    '/gone',
  ];
  const { code, text } = await doctor(args);
  assert.equal(code, 1);
  assert.match(text, /BROKEN {2}metrics store: .*no SQLite database/);
  assert.match(text, /BROKEN {2}INGESTION_PORT: \d+ is taken by another process; set INGESTION_PORT to another port/);
  assert.match(text, /BROKEN {2}prices: PRICES_FILE must be a price file .*; got \/gone: .*ENOENT/);
});

test('doctor tries the OTLP endpoints and the schema registry with their credentials, and names who refuses', async (t) => {
  await using receiver = await startOtlpReceiver();
  const registry = createHttpServer((request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer right' ? 404 : 401;
    response.end('{}');
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  t.after(() => registry.close());
  const registryUrl = `http://127.0.0.1:${(registry.address() as { port: number }).port}`;
  // A registry is asked for with a Kafka alone; nothing listens there, which is a finding of its own.
  const kafka = { KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: registryUrl };
  const env = {
    ...kafka,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${registryUrl}/v1/metrics`,
    SCHEMA_REGISTRY_TOKEN: 'wrong',
  };
  const args = ['--data-dir', join(dataDirFor(t), 'new'), ...FREE_PORTS];
  const { code, text } = await doctor(args, env);
  assert.equal(code, 1, text);
  assert.ok(text.includes(`ok      OTLP traces: ${receiver.url}/v1/traces takes them`), text);
  assert.equal(receiver.headers[0]?.['api-key'], 'secret');
  assert.match(text, /BROKEN {2}OTLP metrics: .*\(401 .*check OTEL_EXPORTER_OTLP_HEADERS/);
  assert.match(text, /BROKEN {2}schema registry: .*refuses .* with 401; check SCHEMA_REGISTRY_USERNAME/);
  assert.doesNotMatch(text, /secret|wrong/);
  const right = await doctor(args, { ...kafka, SCHEMA_REGISTRY_TOKEN: 'right' });
  assert.match(right.text, /note {4}schema registry: it answers; the next start registers 4 of our 4 schemas/);
});

test('doctor ends with 1 for a directory that cannot be written', { skip: isRoot() }, async (t) => {
  const dataDir = dataDirFor(t);
  chmodSync(dataDir, 0o500);
  t.after(() => chmodSync(dataDir, 0o700));
  const { code, text } = await doctor(['--data-dir', dataDir, ...FREE_PORTS]);
  assert.deepEqual([code, /may not be written by this user/.test(text)], [1, true]);
});

test('doctor ends with 2 for a setting that is wrong by itself', async () => {
  assert.equal((await doctor(['--ingestion-port', 'many'])).code, 2);
});

function isRoot(): string | false {
  return process.getuid?.() === 0 ? 'root may write everywhere' : false;
}
