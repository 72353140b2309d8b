import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { eventually, getJson } from '../end-to-end/http-calls.ts';
import { endOf, runCommand, type Server, startServer } from '../end-to-end/running-server.ts';
import { openTestDatabases, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);

describe('The commands for people on Kafka and Postgres', { skip }, () => {
  let kafka: RunningKafka;
  let databases: TestDatabases;
  let server: Server;
  let env: Record<string, string> = {};
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-commands-'));

  before(async () => {
    [kafka, databases] = await Promise.all([
      startKafka({ brokers: 1, own: true, quickJit: true }),
      openTestDatabases(),
    ]);
    env = {
      KAFKA_BROKERS: kafka.bootstrap,
      POSTGRES_DSN: await databases.create(),
      KAFKA_PARTITIONS: '3',
      KAFKA_REPLICATION_FACTOR: '1',
      JOIN_TIMEOUT: '15s',
      DEDUP_HORIZON: '5s',
      API_KEYS: 'required',
      STREAMLENS_DATA_DIR: directory,
    };
  });
  after(async () => {
    server?.process.kill('SIGKILL');
    await server?.exited;
    await Promise.all([kafka?.stop(), databases?.close()]);
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (...args: readonly string[]) => endOf(args, env);
  const doctor = () => run('doctor', '--ingestion-port', '0', '--metrics-port', '0');

  test('doctor says which topics are missing and which schema', async () => {
    const { code, text } = await doctor();
    assert.equal(code, 1, text);
    assert.match(text, /BROKEN {2}llm\.requests: the topic is missing; run "streamlens topics create"/);
    assert.match(text, /BROKEN {2}metrics store: .*run "streamlens migrate"/);
  });

  test('doctor finds nothing broken once it runs', async () => {
    server = await startServer(directory, env);
    const { code, text } = await doctor();
    assert.equal(code, 0, text);
    assert.match(text, /ok {6}llm\.responses: 3 partitions, set up as it should be/);
    assert.match(text, /ok {6}metrics store: Postgres answers/);
    assert.match(text, /ok {6}broker 1: its advertised address 127\.0\.0\.1:\d+ is reached from here/);
    assert.match(text, /ok {6}processor: \d+ partitions?; the last commit was \d+ s ago/);
    assert.match(text, /ok {6}postgres: Postgres \d+/);
    assert.match(text, /ok {6}clock of Postgres: it agrees/);
    assert.match(text, /ok {6}group metrics-processor-group: this user may join/);
  });

  test('a key made in Postgres opens both APIs, history can be sent with it, and costs be corrected', async () => {
    const key = /sl_[\w-]{43}/.exec((await run('keys', 'create', '--tenant', 'acme')).text)?.[0] ?? '';
    assert.notEqual(key, '');
    const timestamp = '2025-11-19T10:00:05Z';
    const lines = Array.from({ length: 100 }, (_, i) => [
      {
        type: 'request',
        request_id: `r${i}`,
        tenant_id: 'acme',
        route: 'chat',
        model: 'own',
        timestamp,
        prompt_tokens: 1000,
      },
      { type: 'response', request_id: `r${i}`, timestamp, latency_ms: 5 },
    ]).flat();
    const history = join(directory, 'history.ndjson');
    writeFileSync(history, lines.map((line) => JSON.stringify(line)).join('\n'));
    const refused = await run('backfill', history, '--base-url', server.ingestion);
    assert.deepEqual([refused.code, /answered 401/.test(refused.text)], [1, true]);
    const sent = await run('backfill', history, '--base-url', server.ingestion, '--api-key', key);
    assert.equal(sent.code, 0, sent.text);
    const row = async () => {
      const response = await fetch(`${server.metrics}/v1/metrics?tenant_id=acme`, { headers: { 'x-api-key': key } });
      const { metrics } = (await response.json()) as {
        metrics: { completed: number; estimated_cost_usd: number | null }[];
      };
      return metrics[0];
    };
    await eventually('the calls are counted', async () => ((await row())?.completed === 100 ? true : undefined));
    const prices = join(directory, 'prices.yaml');
    writeFileSync(prices, 'prices:\n  - model: own\n    input_usd_per_million: 2\n    output_usd_per_million: 4\n');
    const recompute = () => run('prices', 'recompute', '--from', '2025-11-19', '--prices-file', prices);
    const reports = await Promise.all([recompute(), recompute()]);
    const rows = reports.map(({ text }) => Number(/(\d+) rows and/.exec(text)?.[1]));
    assert.equal((rows[0] ?? 0) + (rows[1] ?? 0), 1, reports.map(({ text }) => text).join());
    assert.equal((await row())?.estimated_cost_usd, 0.2);
  });

  test('a dead letter is replayed through Kafka', async () => {
    const all = /sl_[\w-]{43}/.exec((await run('keys', 'create', '--all-tenants')).text)?.[0] ?? '';
    const headers = { 'content-type': 'application/json', 'x-api-key': all };
    const post = async (path: string, event: object) => {
      const response = await fetch(`${server.ingestion}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(event),
      });
      assert.equal(response.status, 202, await response.text());
    };
    const timestamp = '2025-11-19T11:00:05Z';
    await post('/v1/llm/response', { request_id: 'late', timestamp, latency_ms: 5 });
    const request = { request_id: 'late', tenant_id: 'late-tenant', route: 'chat', model: 'own', timestamp };
    const other = (i: number) => ({ ...request, request_id: `tick-${i}`, tenant_id: 'tick' });
    let ticks = 0;
    await eventually('the response is a dead letter', async () => {
      await post('/v1/llm/request', other(ticks++));
      const { text } = await run('dead-letters', 'list');
      return text.includes('no_request') ? true : undefined;
    });
    await post('/v1/llm/request', request);
    const { text } = await run('dead-letters', 'replay', '--all');
    assert.match(text, /1 replayed, 0 skipped, 0 replayed before/);
    await eventually('the call is counted', async () => {
      const response = await fetch(`${server.metrics}/v1/calls/late?tenant_id=late-tenant`, {
        headers: { 'x-api-key': all },
      });
      return (await response.text()).includes('"completed"') ? true : undefined;
    });
    assert.match((await run('dead-letters', 'replay', '--all')).text, /0 replayed, 0 skipped, 1 replayed before/);
    await assert.rejects(getJson(`${server.metrics}/v1/audit`), /answered 401/);
  });

  test("a tenant's rows are deleted once its calls cannot be open, and its events in Kafka bring none back", async () => {
    const key = /sl_[\w-]{43}/.exec((await run('keys', 'create', '--all-tenants')).text)?.[0] ?? '';
    const tenants = async (): Promise<string[]> => {
      const headers = { 'x-api-key': key };
      const answer = await fetch(`${server.metrics}/v1/dimensions`, { headers });
      const { tenants: found } = (await answer.json()) as { tenants: readonly { value: string }[] };
      return found.map(({ value }) => value).sort();
    };
    assert.deepEqual(await tenants(), ['acme', 'late-tenant', 'tick']);
    const open = await run('delete', '--tenant', 'acme', '--join-timeout', '7d');
    assert.equal(open.code, 2);
    assert.match(
      open.text,
      /Calls of acme changed within JOIN_TIMEOUT \(7d\) and may be open; .* try again in \d+ minutes/,
    );
    const shown = await run('delete', '--tenant', 'acme', '--dry-run');
    assert.match(shown.text, /rows of +metrics_1m +[1-9]\d*\n/);
    assert.doesNotMatch(shown.text, /events in/);
    assert.deepEqual(await tenants(), ['acme', 'late-tenant', 'tick']);
    const deleted = await run('delete', '--tenant', 'acme', '--join-timeout', '100ms');
    assert.equal(deleted.code, 0, deleted.text);
    assert.match(deleted.text, /rows of +calls +[1-9]\d*\n/);
    assert.match(deleted.text, /The events stay in the topics of Kafka until their retention is over/);
    assert.deepEqual(await tenants(), ['late-tenant', 'tick']);

    server.process.kill('SIGTERM');
    assert.equal((await server.exited).code, 0, server.output());
    server = await startServer(directory, env);
    const request = {
      request_id: 'after',
      tenant_id: 'later',
      route: 'chat',
      model: 'own',
      timestamp: '2025-11-19T12:00:00Z',
    };
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    const body = JSON.stringify(request);
    assert.equal((await fetch(`${server.ingestion}/v1/llm/request`, { method: 'POST', headers, body })).status, 202);
    // What is read after the events of the tenant is counted: these would be there by now.
    await eventually('a later event is counted', async () => ((await tenants()).includes('later') ? true : undefined));
    assert.deepEqual(await tenants(), ['late-tenant', 'later', 'tick']);
  });

  test('doctor names what differs between processors, and where, until they are alike again', async () => {
    const other = runCommand(['metrics-processor'], {
      ...env,
      HTTP_PORT: '0',
      JOIN_TIMEOUT: '1h',
      CONSUMER_GROUP: 'b',
    });
    const differs = /BROKEN {2}JOIN_TIMEOUT: it differs between processors: (.*)\. Numbers/;
    const found = await eventually('both have told how they count', async () => {
      const { text } = await doctor();
      return differs.test(text) ? text : undefined;
    });
    const [, values = ''] = differs.exec(found) ?? [];
    assert.match(values, new RegExp(`15s on [^ ;]+:${server.process.pid}(;|$)`));
    assert.match(values, new RegExp(`1h on [^ ;]+:${other.process.pid}(;|$)`));
    assert.match(found, /BROKEN {2}CONSUMER_GROUP: it differs between processors/);
    assert.doesNotMatch(found, /DEDUP_HORIZON: it differs/);
    other.process.kill('SIGTERM');
    assert.equal((await other.exited).code, 0, other.output());
    assert.doesNotMatch((await doctor()).text, /differs between processors/);
  });
});
