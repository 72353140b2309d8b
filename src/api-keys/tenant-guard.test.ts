import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { Problem } from '../http/problem.ts';
import { addTenantGuard } from './tenant-guard.ts';

/** Keys are named for their tenants, as `a,b`; `*` is for all, and `-` may only send. */
async function statusAndTenant(url: string, key?: string): Promise<string> {
  const server = Fastify();
  server.setErrorHandler((error, _, reply) => reply.code((error as Problem).status ?? 500).send('refused'));
  addTenantGuard(server, async (headers) => {
    const named = headers['x-api-key'];
    if (typeof named !== 'string') throw new Problem(401, 'no key');
    const tenants = named === '*' ? null : named.split(',');
    return { id: 'k', roles: named === '-' ? ['ingest'] : ['read'], tenants };
  });
  server.get('/health', async () => 'open');
  server.get('/v1/metrics', async (request) => String((request.query as { tenant_id?: unknown }).tenant_id));
  const answer = await server.inject({ url, headers: key === undefined ? {} : { 'x-api-key': key } });
  return `${answer.statusCode} ${answer.body}`;
}

test('a key of a tenant reads that tenant and no other', async () => {
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=acme', 'acme'), '200 acme');
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=other', 'acme'), '403 refused');
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=', 'acme'), '403 refused');
});

test('a key of several tenants reads each of them, and no other', async () => {
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=globex', 'acme,globex'), '200 globex');
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=acme&tenant_id=globex', 'acme,globex'), '200 acme,globex');
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=acme&tenant_id=other', 'acme,globex'), '403 refused');
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=acme,globex', 'acme,globex'), '403 refused');
});

test('where the tenant is left out, a key of tenants means its own', async () => {
  assert.equal(await statusAndTenant('/v1/metrics', 'acme'), '200 acme');
  assert.equal(await statusAndTenant('/v1/metrics', 'acme,globex'), '200 acme,globex');
});

test('a tenant given twice does not get past the guard', async () => {
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=acme&tenant_id=other', 'acme'), '403 refused');
});

test('a key for all tenants reads any of them, or all', async () => {
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=other', '*'), '200 other');
  assert.equal(await statusAndTenant('/v1/metrics', '*'), '200 undefined');
});

test('a key that may only send reads nothing', async () => {
  assert.equal(await statusAndTenant('/v1/metrics', '-'), '403 refused');
});

test('an escaped path asks for a key like the plain one', async () => {
  assert.equal(await statusAndTenant('/%761/metrics?tenant_id=acme'), '401 refused');
  assert.equal(await statusAndTenant('/v1/metrics?tenant_id=acme'), '401 refused');
});

test('health needs no key', async () => {
  assert.equal(await statusAndTenant('/health'), '200 open');
});
