import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import grpc from '@grpc/grpc-js';
import { DATASET_NAMES } from '../../src/metrics-api/export/export-query.ts';
import { type Body, eventually } from './http-calls.ts';
import { keyIn } from './new-key.ts';
import { outputOf, type Server } from './running-server.ts';

/**
 * Who asks: nobody; keys of tenant a and b, for all tenants, that was revoked; what is no key. Then of tenant a a key
 * that may only send, only read, and administer; and one that is for both tenants.
 */
export interface Callers {
  readonly none: undefined;
  readonly own: string;
  readonly other: string;
  readonly all: string;
  readonly revoked: string;
  readonly malformed: string;
  readonly sends: string;
  readonly reads: string;
  readonly admin: string;
  readonly both: string;
}

type Caller = keyof Callers;
const CALLERS = [
  'none',
  'own',
  'other',
  'all',
  'revoked',
  'malformed',
  'sends',
  'reads',
  'admin',
  'both',
] as const satisfies readonly Caller[];

/** What each caller gets, in the order of `CALLERS`. */
type Row = readonly [what: string, ...statuses: readonly (number | string)[]];

const TIMESTAMP = new Date().toISOString();
const REQUEST = { request_id: 'a-1', tenant_id: 'a', route: 'chat', model: 'gpt-4.1-mini', timestamp: TIMESTAMP };
const RESPONSE = { request_id: 'a-1', timestamp: TIMESTAMP, latency_ms: 5 };
const EVALUATION = { request_id: 'a-1', name: 'tone', timestamp: TIMESTAMP, score: 1 };
/** What tenant b gets where it sends these, and the key of both, with which each must say whose it is. */
const EVENTS: readonly (readonly [path: string, event: object, ofOther: number, ofBoth: number])[] = [
  ['/v1/llm/request', REQUEST, 400, 202],
  ['/v1/llm/request', { ...REQUEST, tenant_id: 'c' }, 400, 400],
  ['/v1/llm/response', RESPONSE, 202, 400],
  ['/v1/llm/response', { ...RESPONSE, tenant_id: 'a' }, 400, 202],
  ['/v1/llm/evaluation', EVALUATION, 202, 400],
  ['/v1/llm/evaluation', { ...EVALUATION, tenant_id: 'a' }, 400, 202],
  ['/v1/llm/events', [{ type: 'request', ...REQUEST }], 400, 202],
];
const TRACE = readFileSync(new URL('../fixtures/otlp/contrib-py-chat.pb', import.meta.url));

/** Makes the keys in the store that `env` names; two tenants, one for all, one revoked. */
export async function makeCallers(env: Record<string, string>): Promise<Callers> {
  const make = async (...whose: readonly string[]) => keyIn(await outputOf(['keys', 'create', ...whose], env));
  const revoked = await make('--tenant', 'a');
  await outputOf(['keys', 'revoke', revoked.id], env);
  const [own, other, all] = [await make('--tenant', 'a'), await make('--tenant', 'b'), await make('--all-tenants')];
  const [sends, reads, admin, both] = [
    await make('--tenant', 'a', '--role', 'ingest'),
    await make('--tenant', 'a', '--role', 'read'),
    await make('--tenant', 'a', '--role', 'admin'),
    await make('--tenant', 'a', '--tenant', 'b'),
  ];
  return {
    none: undefined,
    own: own.text,
    other: other.text,
    all: all.text,
    revoked: revoked.text,
    malformed: 'sl_x',
    sends: sends.text,
    reads: reads.text,
    admin: admin.text,
    both: both.text,
  };
}

/** Every endpoint, asked by everybody. */
export async function assertAccessMatrix(server: Server, grpcPort: number, callers: Callers): Promise<void> {
  const write = async (key: string | undefined, path: string, body: Body, type: string) =>
    statusOf(`${server.ingestion}${path}`, key, { method: 'POST', body, headers: { 'content-type': type } });
  const posts: readonly (readonly [Row, (key: string | undefined) => Promise<number | string>])[] = [
    ...EVENTS.map(([path, event, ofOther, ofBoth]) => {
      const ofOwn = JSON.stringify(event).includes('"c"') ? 400 : 202;
      const own = [ofOwn, 403, ofOwn] as const;
      const row: Row = [`POST ${path} ${JSON.stringify(event)}`, 401, ofOwn, ofOther, 202, 403, 401, ...own, ofBoth];
      const json = JSON.stringify(event);
      return [row, (key: string | undefined) => write(key, path, json, 'application/json')] as const;
    }),
    ...['/v1/traces', '/api/public/otel/v1/traces', '/v1/metrics', '/v1/logs', '/v1/otlp/explain'].map((path) => {
      const row: Row = [`POST ${path}`, 401, 200, 200, 200, 403, 401, 200, 403, 200, 200];
      const body = /traces|explain/.test(path) ? TRACE : new Uint8Array(0);
      return [row, (key: string | undefined) => write(key, path, body, 'application/x-protobuf')] as const;
    }),
    ...['trace.v1.Trace', 'metrics.v1.Metrics', 'logs.v1.Logs'].map((service) => {
      const { UNAUTHENTICATED, OK, PERMISSION_DENIED } = grpc.status;
      const REFUSED = [PERMISSION_DENIED, UNAUTHENTICATED] as const;
      const row: Row = [`gRPC ${service}`, UNAUTHENTICATED, OK, OK, OK, ...REFUSED, OK, PERMISSION_DENIED, OK, OK];
      const body = service.startsWith('trace') ? TRACE : Buffer.alloc(0);
      return [row, (key: string | undefined) => grpcStatus(grpcPort, service, body, key)] as const;
    }),
  ];
  for (const [row, ask] of posts) await assertRow(row, callers, ask);
  await assertReads(server, callers);
}

async function assertReads(server: Server, callers: Callers): Promise<void> {
  const call = `${server.metrics}/v1/calls/a-1?tenant_id=a`;
  await eventually('the call is stored', async () => ((await statusOf(call, callers.own)) === 200 ? true : undefined));
  const ofTenant = [
    'metrics',
    'metrics/summary',
    'metrics/stream',
    'calls',
    'calls/a-1',
    'evaluations',
    'dimensions',
    'audit',
    'coverage',
  ];
  const guarded = [...ofTenant, 'prices/unpriced', 'reconciliations'].map((path) => `/v1/${path}?tenant_id=a`);
  guarded.push('/v1/top?tenant_id=a&from=now-1h');
  guarded.push(...DATASET_NAMES.map((name) => `/v1/export?dataset=${name}&tenant_id=a`));
  for (const path of [...guarded, '/%761/metrics?tenant_id=a']) {
    await assertRow([`GET ${path}`, 401, 200, 403, 200, 403, 401, 403, 200, 200, 200], callers, (key) =>
      statusOf(`${server.metrics}${path}`, key),
    );
    if (path.includes('stream')) continue;
    await assertRow([`HEAD ${path}`, 401, 200, 403, 200, 403, 401, 403, 200, 200, 200], callers, (key) =>
      statusOf(`${server.metrics}${path}`, key, { method: 'HEAD' }),
    );
  }
  for (const path of [
    '/v1/dimensions',
    '/v1/audit',
    '/v1/coverage',
    '/v1/prices/unpriced',
    '/v1/reconciliations',
    '/v1/top?from=now-1h',
  ]) {
    await assertRow([`GET ${path}`, 401, 200, 200, 200, 403, 401, 403, 200, 200, 200], callers, (key) =>
      statusOf(`${server.metrics}${path}`, key),
    );
    const seen = await fetch(`${server.metrics}${path}`, { headers: { 'x-api-key': callers.other } });
    assert.ok(!(await seen.text()).includes('"a"'), `${path} shows tenant a to tenant b`);
  }
  await assertRow(['GET /metrics/llm', 401, 200, 200, 200, 403, 401, 403, 200, 200, 200], callers, (key) =>
    statusOf(`${server.metrics}/metrics/llm`, key),
  );
  for (const path of ['/metrics', '/metrics/llm']) {
    // The call of tenant a is read from the store at most every two seconds.
    await eventually(`${path} shows tenant a to its own key`, async () =>
      (await textOf(`${server.metrics}${path}`, callers.own)).includes('tenant_id="a"') ? true : undefined,
    );
    assert.ok(
      !(await textOf(`${server.metrics}${path}`, callers.other)).includes('"a"'),
      `${path} shows tenant a to b`,
    );
  }
  assert.ok(!(await textOf(`${server.metrics}/metrics`, '')).includes('tenant_id'), 'calls are told without a key');
  for (const origin of [server.ingestion, server.metrics]) {
    for (const path of ['/health', '/ready', '/metrics', '/docs', '/openapi.json']) {
      await assertRow([`GET ${origin}${path}`, ...CALLERS.map(() => 200)], callers, (key) =>
        statusOf(`${origin}${path}`, key),
      );
    }
  }
}

async function textOf(url: string, key: string): Promise<string> {
  return (await fetch(url, { headers: key === '' ? {} : { 'x-api-key': key } })).text();
}

/** Tenant b attacks the calls of tenant a, whose ids it knows, and both number their calls alike. */
export async function assertTenantsAreApart(server: Server, callers: Callers): Promise<void> {
  const send = async (key: string, ...events: readonly object[]) => {
    const body = JSON.stringify(events);
    const headers = { 'content-type': 'application/json' };
    assert.equal(await statusOf(`${server.ingestion}/v1/llm/events`, key, { method: 'POST', body, headers }), 202);
  };
  const ask = { type: 'request', request_id: '42', route: 'r', model: 'gpt-4.1-mini', timestamp: TIMESTAMP };
  const answer = { type: 'response', request_id: '42', timestamp: TIMESTAMP };
  const judge = {
    type: 'evaluation',
    request_id: '42',
    name: 'spoof',
    timestamp: TIMESTAMP,
    score: -1e9,
    passed: false,
  };
  // Squatted, judged and answered by b, before and after a has its call.
  await send(callers.other, { ...ask, tenant_id: 'b' });
  await send(callers.own, { ...ask, tenant_id: 'a' }, { ...ask, request_id: '43', tenant_id: 'a' });
  await send(callers.other, judge, { ...judge, request_id: '43' }, { ...answer, request_id: '43', error: 'pwned' });
  await send(callers.own, { ...answer, latency_ms: 7, error: 'of a' }, { ...answer, request_id: '43', latency_ms: 9 });
  await send(callers.other, { ...answer, latency_ms: 8 });
  const read = async (key: string, path: string) => {
    const response = await fetch(`${server.metrics}${path}`, { headers: { 'x-api-key': key } });
    return response.json();
  };
  const called = (key: string, tenant: string, id: string) =>
    eventually(`${id} of ${tenant} is answered`, async () => {
      const { call } = (await read(key, `/v1/calls/${id}?tenant_id=${tenant}`)) as { call?: Record<string, unknown> };
      return call !== undefined && call['status'] !== 'waiting' ? [call['latency_ms'], call['error']] : undefined;
    });
  assert.deepEqual(await called(callers.own, 'a', '42'), [7, 'of a']);
  assert.deepEqual(await called(callers.own, 'a', '43'), [9, null]);
  assert.deepEqual(await called(callers.other, 'b', '42'), [8, null]);
  // One of each for 43, and of the matrix one of each for a-1.
  await eventually('what was foreign is in the books of b', async () => {
    const { totals } = (await read(callers.other, '/v1/audit')) as { totals: Record<string, Record<string, number>> };
    const foreign = [totals['responses']?.['foreign_tenant'], totals['evaluations']?.['foreign_tenant']];
    return isDeepStrictEqual(foreign, [2, 2]) ? true : undefined;
  });
  assert.ok(!JSON.stringify(await read(callers.own, '/v1/evaluations?tenant_id=a')).includes('spoof'));
  assert.equal(((await read(callers.all, '/v1/audit')) as { balanced: unknown }).balanced, true);
}

async function assertRow(
  [what, ...expected]: Row,
  callers: Callers,
  ask: (key: string | undefined) => Promise<number | string>,
): Promise<void> {
  const got: Record<string, unknown> = {};
  for (const caller of CALLERS) got[caller] = await ask(callers[caller]);
  assert.deepEqual(got, Object.fromEntries(CALLERS.map((caller, index) => [caller, expected[index]])), what);
}

/** Streams never end, so no body is read. */
async function statusOf(url: string, key: string | undefined, init: RequestInit = {}): Promise<number> {
  const headers = { ...(init.headers as Record<string, string>), ...(key === undefined ? {} : { 'x-api-key': key }) };
  const response = await fetch(url, { ...init, headers });
  await response.body?.cancel();
  return response.status;
}

async function grpcStatus(port: number, service: string, body: Buffer, key?: string): Promise<grpc.status> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  const same = (bytes: Buffer) => bytes;
  const path = `/opentelemetry.proto.collector.${service}Service/Export`;
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(path, same, same, body, metadata, (error) => resolve(error?.code ?? grpc.status.OK));
    });
  } finally {
    client.close();
  }
}
