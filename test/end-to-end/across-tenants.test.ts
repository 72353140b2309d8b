import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { eventually, post } from './http-calls.ts';
import { newKey } from './new-key.ts';
import { type Server, startServer } from './running-server.ts';

const RANGE = 'from=2026-01-10T12:00:00Z&to=2026-01-10T13:00:00Z';
/** Calls of each tenant. */
const CALLS = { acme: 1, globex: 2, initech: 3 } as const;

type Tenant = keyof typeof CALLS;
interface Row {
  readonly tenant_id?: string | null;
  readonly requests: number;
}

suite('Questions about several tenants', () => {
  let server: Server;
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-test-'));
  const keys: Record<'two' | 'all', string> = { two: '', all: '' };

  before(async () => {
    keys.two = (await newKey(dataDir, '--role', 'admin', '--tenant', 'acme', '--tenant', 'globex')).text;
    keys.all = (await newKey(dataDir, '--role', 'admin', '--all-tenants')).text;
    server = await startServer(dataDir, { API_KEYS: 'required' });
    for (const tenant of Object.keys(CALLS) as Tenant[]) await send(tenant, CALLS[tenant]);
    await eventually('all is counted', async () => {
      const { metrics } = await get<{ metrics: Row[] }>(`/v1/metrics?group_by=none&${RANGE}`, keys.all);
      return metrics.reduce((sum, { requests }) => sum + requests, 0) === 6 ? true : undefined;
    });
  });
  after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const send = async (tenant: Tenant, calls: number, minute = 0) => {
    const lines = Array.from({ length: calls }, (_, call) => ({
      type: 'request',
      request_id: `${tenant}-${minute}-${call}`,
      tenant_id: tenant,
      route: 'chat',
      model: 'm',
      timestamp: `2026-01-10T12:0${minute}:00Z`,
    }));
    const headers = { 'content-type': 'application/json', 'x-api-key': keys.all };
    assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(lines), headers)).status, 202);
  };
  const get = async <T>(path: string, key: string): Promise<T & { status: number }> => {
    const response = await fetch(`${server.metrics}${path}`, { headers: { 'x-api-key': key } });
    return { ...((await response.json()) as T), status: response.status };
  };
  const byTenant = (rows: readonly Row[]) => Object.fromEntries(rows.map((row) => [row.tenant_id, row.requests]));

  for (const { what, named, key, expected } of [
    { what: 'without tenant_id a key of all tenants', named: '', key: 'all', expected: CALLS },
    { what: 'without tenant_id a key of two tenants', named: '', key: 'two', expected: { acme: 1, globex: 2 } },
    {
      what: 'with tenant_id repeated a key of all tenants',
      named: 'tenant_id=initech&tenant_id=acme&',
      key: 'all',
      expected: { acme: 1, initech: 3 },
    },
    {
      what: 'with one tenant_id a key of two tenants',
      named: 'tenant_id=globex&',
      key: 'two',
      expected: { globex: 2 },
    },
  ] as const) {
    test(`${what} gets rows and sums of exactly those`, async () => {
      const { metrics } = await get<{ metrics: Row[] }>(
        `/v1/metrics?${named}group_by=tenant_id&step=1h&${RANGE}`,
        keys[key],
      );
      assert.deepEqual(byTenant(metrics), expected);
      const summary = `/v1/metrics/summary?${named}${RANGE}`;
      const apart = await get<{ summary: Row[] }>(`${summary}&group_by=tenant_id`, keys[key]);
      assert.deepEqual(byTenant(apart.summary), expected);
      const together = await get<{ summary: Row[] }>(summary, keys[key]);
      const sum = Object.values(expected).reduce((total, calls) => total + calls, 0);
      assert.deepEqual(
        together.summary.map(({ requests }) => requests),
        [sum],
      );
      const values = await get<{ tenants: { value: string }[] }>(`/v1/dimensions?${named}`, keys[key]);
      assert.deepEqual(values.tenants.map(({ value }) => value).sort(), Object.keys(expected));
      const audit = await get<{ totals: { requests: { accepted: number } } }>(`/v1/audit?${named}`, keys[key]);
      assert.equal(audit.totals.requests.accepted, sum);
    });
  }

  test('a tenant that the key may not see is refused, alone and among others', async () => {
    for (const path of [
      '/v1/metrics?',
      '/v1/metrics/summary?',
      '/v1/metrics/stream?',
      '/v1/dimensions?',
      '/v1/audit?',
    ]) {
      for (const named of ['tenant_id=initech', 'tenant_id=acme&tenant_id=initech']) {
        assert.equal((await get(`${path}${named}`, keys.two)).status, 403, `${path}${named}`);
      }
    }
  });

  test('one call is of one tenant: a repeated tenant_id is refused there', async () => {
    assert.equal((await get('/v1/calls?tenant_id=acme&tenant_id=globex', keys.all)).status, 400);
  });

  test('a stream without tenant_id tells each changed row of the tenants that the key may see', {
    timeout: 120_000,
  }, async () => {
    const gone = new AbortController();
    const headers = { 'x-api-key': keys.two };
    const stream = await fetch(`${server.metrics}/v1/metrics/stream`, { headers, signal: gone.signal });
    assert.equal(stream.status, 200);
    // The foreign one first: if it were told, it would be told before the others.
    for (const tenant of ['initech', 'acme', 'globex'] as const) await send(tenant, 1, 5);
    const told = new Set<string>();
    let text = '';
    for await (const chunk of (stream.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (const [, tenant = ''] of text.matchAll(/"tenant_id":"(\w+)"/g)) told.add(tenant);
      if (told.has('acme') && told.has('globex')) break;
    }
    gone.abort();
    assert.deepEqual([...told].sort(), ['acme', 'globex']);
  });
});
