import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedSettings, fallbackOf, ignoredVariables, readSettings, settingsOf } from './read-settings.ts';
import { REFUSED_PORTS } from './setting-kinds.ts';
import { SETTINGS, type SomeSettings } from './settings-table.ts';

const COMMANDS = [...new Set(Object.values(SETTINGS).flatMap(({ commands }) => [...commands]))];

const read = (env: Record<string, string>, flags: Record<string, unknown> = {}) => readSettings('up', { env, flags });

test('a variable with the prefix wins over the one without, and a flag over both', () => {
  assert.equal(read({ METRICS_PORT: '1' }).metricsPort, 1);
  assert.equal(read({ METRICS_PORT: '1', STREAMLENS_METRICS_PORT: '2' }).metricsPort, 2);
  assert.equal(read({ STREAMLENS_METRICS_PORT: '2' }, { metricsPort: '3' }).metricsPort, 3);
  assert.equal(read({ METRICS_PORT: '1', STREAMLENS_METRICS_PORT: '' }).metricsPort, 1);
});

test('the address that Kubernetes sets for a Service is no port, and is told', () => {
  const env = { METRICS_PORT: 'tcp://10.0.0.1:8081', OTLP_GRPC_PORT: 'udp://10.0.0.1:4317', INGESTION_PORT: '9000' };
  const settings = read(env);
  assert.deepEqual([settings.metricsPort, settings.otlpGrpcPort, settings.ingestionPort], [8081, 4317, 9000]);
  const told = ignoredVariables('up', env);
  assert.equal(told.length, 2);
  assert.match(told.join('\n'), /METRICS_PORT=tcp:.*is ignored; use STREAMLENS_METRICS_PORT/);
  assert.deepEqual(ignoredVariables('up', { METRICS_PORT: '1' }), []);
});

test('any other wrong port is refused', () => {
  assert.throws(() => read({ METRICS_PORT: 'http://x' }), /METRICS_PORT must be a whole number/);
});

test('brokers may have an address of IPv6, in brackets', () => {
  assert.deepEqual(read({ KAFKA_BROKERS: '[::1]:9092,broker-1:9093' }).kafkaBrokers, ['[::1]:9092', 'broker-1:9093']);
  for (const wrong of ['::1:9092', '[::1]', '[broker]:1x', 'host']) {
    assert.throws(() => read({ KAFKA_BROKERS: wrong }), /KAFKA_BROKERS must be host:port/, wrong);
  }
});

test('what differs from the defaults is shown for the log, secrets by their presence', () => {
  const settings = read({ METRICS_PORT: '1', POSTGRES_DSN: 'postgres://a:b@c/d', JOIN_TIMEOUT: '15m' });
  assert.deepEqual(changedSettings('up', settings), { METRICS_PORT: 1, POSTGRES_DSN: '[secret]' });
});

test('a command is given what it reads, each with its default, and nothing else', () => {
  for (const command of COMMANDS) {
    const settings: SomeSettings = readSettings(command, { flags: {}, env: {} });
    const expected = settingsOf(command).map(([name]) => name);
    assert.deepEqual(Object.keys(settings).sort(), expected.sort(), command);
    for (const [name, setting] of settingsOf(command)) {
      assert.equal(settings[name] === undefined, fallbackOf(setting, command) === undefined, `${command} ${name}`);
    }
  }
});

test('the type of the settings of a command has no member that the command does not read', () => {
  const processor = readSettings('metrics-processor', { flags: {}, env: {} });
  assert.equal(processor.consumerGroup, 'metrics-processor-group');
  // @ts-expect-error: the processor takes no bodies
  assert.equal(processor.queueBytesMax, undefined);
  // @ts-expect-error: it has no directory, so it must be given brokers and a DSN, which have defaults for it
  assert.equal(processor.dataDir, undefined);
  assert.equal(processor.kafkaBrokers.length, 1);
  assert.match(processor.postgresDsn, /^postgres:/);
});

test('a URL of a port that HTTP clients refuse is wrong usage, and no server that is down', async () => {
  for (const port of REFUSED_PORTS) {
    const refusal = await fetch(`http://127.0.0.1:${port}`).catch(({ cause }: Error) => (cause as Error).message);
    assert.equal(refusal, 'bad port', `${port}`);
    const readUrl = () => readSettings('backfill', { env: {}, flags: { baseUrl: `http://127.0.0.1:${port}/` } });
    assert.throws(readUrl, /--base-url must be a URL of another port/);
  }
  for (const wrong of ['http://host:99999', 'localhost:8080', 'http://'])
    assert.throws(() => readSettings('backfill', { env: { BASE_URL: wrong }, flags: {} }), /BASE_URL must be an http/);
});
