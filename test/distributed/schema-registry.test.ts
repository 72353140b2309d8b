import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { type RunningSchemaRegistry, startSchemaRegistry } from '../../scripts/services/schema-registry.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import { type InputTopic, TOPICS } from '../../src/events/topics.ts';
import { PATIENCE_MS } from '../end-to-end/patience.ts';
import { runCommand, type Server, startServer } from '../end-to-end/running-server.ts';
import { until } from './pipeline/until.ts';

/** Apicurio Registry, which speaks Confluent's API, and a Kafka; Maven brings both. */
const skip = skipWithout(await availableServices(), ['kafka']);

const REQUEST = { tenant_id: 'acme', route: 'chat', model: 'gpt-4.1-mini', prompt_tokens: 7 };

suite('A schema registry', { skip }, () => {
  let kafka: RunningKafka;
  let registry: RunningSchemaRegistry;
  let log: KafkaEventLog;
  let env: Record<string, string>;
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-registry-'));

  before(async () => {
    // Each is kept as soon as it runs, so that the one is stopped where the other does not start.
    await Promise.all([
      startKafka({ brokers: 1, own: true, quickJit: true }).then((running) => (kafka = running)),
      startSchemaRegistry().then((running) => (registry = running)),
    ]);
    log = new KafkaEventLog({ brokers: [kafka.bootstrap], clientId: 'test', compression: 'none' });
    env = {
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_PARTITIONS: '2',
      SCHEMA_REGISTRY_URL: registry.url,
      SCHEMA_REGISTRY_WIRE_FORMAT: 'confluent',
    };
  });
  after(async () => {
    await log?.close();
    await Promise.all([kafka?.stop(), registry?.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('a subject with another schema, which ours may not follow, ends the start with a clear error', async () => {
    const other = JSON.stringify({ type: 'object', properties: { request_id: { type: 'integer' } } });
    await ask('POST', '/subjects/llm.responses-value/versions', { schemaType: 'JSON', schema: other });
    await ask('PUT', '/config/llm.responses-value', { compatibility: 'FULL' });
    const ingestion = runCommand(['ingestion-api', '--http-port', '0'], env);
    assert.equal((await ingestion.exited).code, 1, ingestion.output());
    assert.match(ingestion.output(), /llm\.responses-value after its latest version: .*request_id.*FORWARD/);
    await ask('DELETE', '/subjects/llm.responses-value');
  });

  test('records carry the id of their schema, and count as those without it, whoever wrote them', async () => {
    const server = await startServer(dataDir, env);
    try {
      await post(server, '/v1/llm/request', { ...REQUEST, request_id: 'framed', timestamp: now() });
      await post(server, '/v1/llm/response', { request_id: 'framed', timestamp: now(), completion_tokens: 5 });
      const framed = await valueOf(TOPICS.requests, 'framed');
      const schema = await schemaOf(framed);
      assert.equal(schema['title'], 'LlmRequest');
      assert.equal((JSON.parse(framed.subarray(5).toString()) as { request_id: string }).request_id, 'framed');
      assert.equal((await schemaOf(await valueOf(TOPICS.responses, 'framed')))['title'], 'LlmResponse');

      await append(TOPICS.requests, 'plain', { ...REQUEST, request_id: 'plain', timestamp: now() });
      await append(TOPICS.responses, 'plain', { request_id: 'plain', timestamp: now(), completion_tokens: 6 });
      await until('both calls are counted', async () => (await totals(server)).completed === 2, PATIENCE_MS);
      assert.deepEqual(await totals(server), { completed: 2, completion_tokens: 11 });
      assert.deepEqual(await ask('GET', '/config/llm.requests-value'), { compatibilityLevel: 'FORWARD' });
      const subjects = (await ask('GET', '/subjects')) as string[];
      assert.deepEqual(
        subjects.toSorted(),
        ['evaluations', 'metrics', 'requests', 'responses'].map((name) => `llm.${name}-value`),
      );
    } finally {
      server.process.kill('SIGTERM');
      await server.exited;
    }
  });

  test('what carries ids is read without a registry, and a second start registers nothing', async () => {
    const versions = await ask('GET', '/subjects/llm.requests-value/versions');
    const again = runCommand(['up', '--data-dir', dataDir, '--ingestion-port', '0', '--metrics-port', '0'], env);
    await until('it listens', async () => again.output().includes('ingestion API'), PATIENCE_MS);
    again.process.kill('SIGTERM');
    assert.equal((await again.exited).code, 0, again.output());
    assert.deepEqual(await ask('GET', '/subjects/llm.requests-value/versions'), versions);

    const fresh = mkdtempSync(join(tmpdir(), 'streamlens-registry-'));
    const server = await startServer(fresh, { KAFKA_BROKERS: kafka.bootstrap, CONSUMER_GROUP: 'without-registry' });
    try {
      await until('the topics are read again', async () => (await totals(server)).completed === 2, PATIENCE_MS);
    } finally {
      server.process.kill('SIGKILL');
      await server.exited;
      rmSync(fresh, { recursive: true, force: true });
    }
  });

  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${registry.url}${path}`, {
      method,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.equal(answer.ok, true, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json().catch(() => null);
  }

  /** The schema whose id a value begins with. */
  async function schemaOf(value: Buffer): Promise<Record<string, unknown>> {
    assert.equal(value[0], 0, value.toString());
    const { schema } = (await ask('GET', `/schemas/ids/${value.readUInt32BE(1)}`)) as { schema: string };
    return JSON.parse(schema) as Record<string, unknown>;
  }

  async function append(topic: InputTopic, key: string, event: object): Promise<void> {
    await log.append([{ topic, key, value: Buffer.from(JSON.stringify(event)) }]);
  }

  /** The bytes that lie on a topic under a key. */
  async function valueOf(topic: InputTopic, key: string): Promise<Buffer> {
    for (const { partition, start, end } of await log.bounds(topic)) {
      const records = await log.readRange({ topic, partition, from: start, to: end });
      const found = records.find((record) => Buffer.from(record.key ?? []).toString() === key);
      if (found?.value != null) return Buffer.from(found.value);
    }
    throw new Error(`${topic} has no record ${key}`);
  }
});

const now = () => new Date().toISOString();

async function post(server: Server, path: string, event: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${server.ingestion}${path}`, { method: 'POST', headers, body: JSON.stringify(event) });
  assert.equal(answer.status, 202, await answer.text());
}

async function totals({ metrics }: Server): Promise<{ completed: number; completion_tokens: number }> {
  const answer = await fetch(`${metrics}/v1/metrics?tenant_id=acme`);
  const { metrics: rows } = (await answer.json()) as {
    metrics: { completed: number; completion_tokens: number | null }[];
  };
  const sum = { completed: 0, completion_tokens: 0 };
  for (const row of rows) {
    sum.completed += row.completed;
    sum.completion_tokens += row.completion_tokens ?? 0;
  }
  return sum;
}
