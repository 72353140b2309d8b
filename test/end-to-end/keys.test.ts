import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { eventually, post } from './http-calls.ts';
import { newKey } from './new-key.ts';
import { dataDirFor, endOf, outputOf, serverFor } from './running-server.ts';

const EVENT = { route: 'chat', model: 'gpt-4.1-mini', timestamp: '2025-11-19T10:00:05Z', prompt_tokens: 10 };

async function statusOf(url: string, key?: string): Promise<number> {
  const response = await fetch(url, key === undefined ? {} : { headers: { 'x-api-key': key } });
  await response.text();
  return response.status;
}

test('with API_KEYS=required a key decides what may be written and read', async (t) => {
  const dataDir = dataDirFor(t);
  const acme = await newKey(dataDir, '--tenant', 'acme', '--name', 'laptop');
  const server = await serverFor(t, { API_KEYS: 'required' }, { dataDir });
  const send = (tenant: string, headers: Record<string, string>) =>
    post(`${server.ingestion}/v1/llm/request`, JSON.stringify({ ...EVENT, request_id: tenant, tenant_id: tenant }), {
      'content-type': 'application/json',
      ...headers,
    });
  const missing = await send('acme', {});
  assert.equal(missing.status, 401);
  assert.match(missing.headers.get('www-authenticate') ?? '', /^Bearer/);
  assert.equal((await send('acme', { authorization: 'Bearer sl_wrong' })).status, 401);
  assert.equal((await send('acme', { authorization: `Bearer ${acme.text}` })).status, 202);
  const foreign = await send('other', { authorization: `Bearer ${acme.text}` });
  assert.equal(foreign.status, 400);
  assert.match(foreign.text, /must be the tenant \\"acme\\" of the API key/);
  const basic = Buffer.from(`pk:${acme.text}`).toString('base64');
  assert.equal((await send('acme', { authorization: `Basic ${basic}` })).status, 202);
  const metrics = `${server.metrics}/v1/metrics?tenant_id=`;
  assert.equal(await statusOf(`${metrics}acme`), 401);
  assert.equal(await statusOf(`${metrics}acme`, acme.text), 200);
  assert.equal(await statusOf(`${metrics}other`, acme.text), 403);
  assert.equal(await statusOf(`${server.metrics}/health`), 200);
  // No proxy in front may keep one reader's answer for the next, nor a refusal for who has a key by now.
  for (const path of [
    '/v1/metrics',
    '/v1/dimensions',
    '/v1/export?dataset=rows',
    '/metrics/llm',
    '/v1/audit?tenant_id=other',
  ]) {
    const answer = await fetch(`${server.metrics}${path}`, { headers: { 'x-api-key': acme.text } });
    assert.equal(answer.headers.get('cache-control'), 'no-store', path);
    await answer.arrayBuffer();
  }
  const all = await newKey(dataDir, '--all-tenants');
  assert.equal(await statusOf(`${metrics}other`, all.text), 200);
  const listed = await endOf(['keys', 'list', '--data-dir', dataDir]);
  assert.ok(listed.text.includes(acme.id) && !listed.text.includes(acme.text), listed.text);
  const stream = await fetch(`${server.metrics}/v1/metrics/stream?tenant_id=acme`, {
    headers: { 'x-api-key': acme.text },
  });
  assert.equal(stream.status, 200);
  await outputOf(['keys', 'revoke', acme.id, '--data-dir', dataDir]);
  await eventually('the revoked key ends', async () =>
    (await statusOf(`${metrics}acme`, acme.text)) === 403 ? true : undefined,
  );
  // It has no end but this one: a stream of a key that holds goes on for an hour.
  await stream.text();
});

test('a sender beyond RATE_LIMIT gets 429 with Retry-After, and is let in again', async (t) => {
  const server = await serverFor(t, { RATE_LIMIT: '5', RATE_LIMIT_BYTES: '100000' });
  const send = (events: number) => {
    const one = { type: 'request', tenant_id: 'acme', ...EVENT };
    const batch = Array.from({ length: events }, (_, i) => ({ ...one, request_id: `r${i}` }));
    return post(`${server.ingestion}/v1/llm/events`, JSON.stringify(batch));
  };
  const taken = await send(10);
  assert.equal(taken.status, 202);
  const policy = '"events";q=5;w=1, "bytes";q=100000;w=1;qu="content-bytes"';
  assert.equal(taken.headers.get('ratelimit-policy'), policy);
  assert.match(taken.headers.get('ratelimit') ?? '', /^"events";r=\d+;t=\d+, "bytes";r=\d+;t=\d+$/);
  // Two seconds' worth, of which one may be ahead. Now so much that no busy machine comes too late to be refused.
  await eventually('it is let in again', async () => ((await send(500)).status === 202 ? true : undefined));
  const refused = await send(1);
  assert.equal(refused.status, 429);
  const retryAfterS = Number(refused.headers.get('retry-after'));
  assert.ok(retryAfterS > 0 && retryAfterS <= 100, `Retry-After: ${retryAfterS}`);
});

test('a role says what a key may do, and the list shows roles and tenants', async (t) => {
  const dataDir = dataDirFor(t);
  await newKey(dataDir, '--tenant', 'acme', '--tenant', 'globex', '--role', 'read', '--role', 'ingest');
  await newKey(dataDir, '--all-tenants', '--role', 'admin');
  const { text } = await endOf(['keys', 'list', '--json', '--data-dir', dataDir]);
  const listed = (JSON.parse(text) as Record<string, unknown>[]).map(({ roles, tenant_ids }) => [roles, tenant_ids]);
  assert.deepEqual(listed, [
    [
      ['ingest', 'read'],
      ['acme', 'globex'],
    ],
    [['admin'], null],
  ]);
  const unknown = await endOf(['keys', 'create', '--data-dir', dataDir, '--all-tenants', '--role', 'owner']);
  assert.deepEqual([unknown.code, /ingest, read, admin; got "owner"/.test(unknown.text)], [2, true]);
});

test('keys tells wrong usage from a failure', async (t) => {
  const dataDir = dataDirFor(t);
  const neither = await endOf(['keys', 'create', '--data-dir', dataDir]);
  assert.deepEqual([neither.code, /--tenant <id> or --all-tenants/.test(neither.text)], [2, true]);
  assert.equal((await endOf(['keys', 'revoke', 'key_000000000000', '--data-dir', dataDir])).code, 1);
  assert.match((await endOf(['keys', 'list', '--data-dir', dataDir])).text, /There are no keys/);
});

test("an OTLP export belongs to its key's tenant, over HTTP and gRPC, whatever it says itself", async (t) => {
  const dataDir = dataDirFor(t);
  const key = await newKey(dataDir, '--tenant', 'acme');
  const grpcPort = await freePort();
  const server = await serverFor(t, { API_KEYS: 'required', OTLP_GRPC_PORT: String(grpcPort) }, { dataDir });
  const body = readFileSync(new URL('../fixtures/otlp/contrib-py-chat.pb', import.meta.url));
  const type = { 'content-type': 'application/x-protobuf' };
  const url = `${server.ingestion}/v1/traces`;
  assert.equal((await post(url, body, type)).status, 401);
  assert.equal((await post(url, body, { ...type, 'x-api-key': key.text })).status, 200);
  assert.equal(await grpcStatus(grpcPort, body), grpc.status.UNAUTHENTICATED);
  assert.equal(await grpcStatus(grpcPort, body, key.text), grpc.status.OK);
  const dimensions = async () => {
    const response = await fetch(`${server.metrics}/v1/dimensions`, { headers: { 'x-api-key': key.text } });
    return response.text();
  };
  await eventually('the call is counted for acme', async () =>
    (await dimensions()).includes('"acme"') ? true : undefined,
  );
});

test('with a key of several tenants each span says whose it is, and none is of a foreign tenant', async (t) => {
  const dataDir = dataDirFor(t);
  const key = await newKey(dataDir, '--tenant', 'acme', '--tenant', 'globex');
  const server = await serverFor(t, { API_KEYS: 'required' }, { dataDir });
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const text = (name: string, stringValue: string) => ({ key: name, value: { stringValue } });
  const resourceSpans = ['acme', 'globex', 'initech', null].map((tenant, i) => ({
    resource: { attributes: tenant === null ? [] : [text('tenant.id', tenant)] },
    scopeSpans: [
      {
        scope: { name: 'test' },
        spans: [
          {
            traceId: String(i + 1).repeat(32),
            spanId: String(i + 1).repeat(16),
            name: 'chat',
            kind: 3,
            startTimeUnixNano: String(nowNs),
            endTimeUnixNano: String(nowNs + 1_000_000n),
            attributes: [text('gen_ai.operation.name', 'chat'), text('gen_ai.request.model', 'gpt-4.1-mini')],
          },
        ],
      },
    ],
  }));
  const headers = { 'content-type': 'application/json', 'x-api-key': key.text };
  const sent = await post(`${server.ingestion}/v1/traces`, JSON.stringify({ resourceSpans }), headers);
  const { partialSuccess } = JSON.parse(sent.text) as { partialSuccess: Record<string, unknown> };
  assert.equal(Number(partialSuccess['rejectedSpans']), 2);
  assert.match(
    String(partialSuccess['errorMessage']),
    /the tenant "initech", and the API key is for the tenants "acme"/,
  );
  for (const [i, tenant] of ['acme', 'globex'].entries()) {
    const id = `${String(i + 1).repeat(32)}-${String(i + 1).repeat(16)}`;
    await eventually(`the call of ${tenant} is counted`, async () =>
      (await statusOf(`${server.metrics}/v1/calls/${id}?tenant_id=${tenant}`, key.text)) === 200 ? true : undefined,
    );
  }
});

test('a tenant beyond its TENANT_RATE_LIMIT is refused by any of its keys, and no other one with it', async (t) => {
  const dataDir = dataDirFor(t);
  const noisy = { tenant: 'noisy', key: (await newKey(dataDir, '--tenant', 'noisy')).text };
  const alsoNoisy = { tenant: 'noisy', key: (await newKey(dataDir, '--tenant', 'noisy')).text };
  const quiet = { tenant: 'quiet', key: (await newKey(dataDir, '--tenant', 'quiet')).text };
  const server = await serverFor(t, { API_KEYS: 'required', TENANT_RATE_LIMIT: '20' }, { dataDir });
  const send = async ({ tenant, key }: typeof noisy, ids: readonly string[]): Promise<number> => {
    const events = ids.map((id) => ({ type: 'request', request_id: id, tenant_id: tenant, ...EVENT }));
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    return (await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events), headers)).status;
  };
  // It takes the tenant 100 s to pay for these: on no machine is it let in again while the test runs.
  const flood = Array.from({ length: 2000 }, (_, i) => `flood-${i}`);
  assert.equal(await send(noisy, flood), 202);
  for (let i = 0; i < 15; i++) {
    const refused = [noisy, alsoNoisy, noisy, alsoNoisy].map((sender) => send(sender, flood));
    assert.equal(await send(quiet, [`quiet-${i}`]), 202);
    assert.deepEqual(await Promise.all(refused), [429, 429, 429, 429]);
  }
  for (const [{ tenant, key }, requests] of [
    [quiet, 15],
    [noisy, flood.length],
  ] as const) {
    const url = `${server.metrics}/v1/metrics/summary?tenant_id=${tenant}&from=2025-11-19T00:00:00Z&to=2025-11-20T00:00:00Z`;
    await eventually(`${requests} calls of ${tenant} are counted`, async () => {
      const answer = await fetch(url, { headers: { 'x-api-key': key } });
      const { summary } = (await answer.json()) as { summary: readonly { requests: number }[] };
      return summary[0]?.requests === requests ? true : undefined;
    });
  }
});

async function grpcStatus(port: number, body: Buffer, key?: string): Promise<grpc.status> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  const same = (bytes: Buffer) => bytes;
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(path, same, same, body, metadata, (error) => resolve(error?.code ?? grpc.status.OK));
    });
  } finally {
    client.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
