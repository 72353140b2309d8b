import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import { apiKeySenders, type Sender } from './authenticate.ts';
import { RateLimit } from './rate-limit.ts';
import type { SenderLimits } from './sender-limits.ts';

const limitOf = (name: string, unit: 'events' | 'bytes', perSecond: number) =>
  new RateLimit({ name, unit, perSecond }, () => 0);

/** Keys are named for their tenants, as `a,b`; `*` is for all. */
function sendersWith(limits: Partial<SenderLimits>) {
  const all = { events: null, bytes: null, tenantEvents: null, tenantBytes: null, ...limits };
  const check = apiKeySenders(async (headers) => {
    const id = String(headers['x-api-key']);
    const named = id.split(' ')[0] ?? '';
    return { id, roles: ['ingest'], tenants: named === '*' ? null : named.split(',') };
  }, all);
  return (key: string): Promise<Sender> => check({ headers: { 'x-api-key': key }, address: '' });
}

const isOver = (error: unknown): boolean => error instanceof Problem && error.status === 429;
const record = (senderTenant: string) => ({ senderTenant, value: Buffer.alloc(100) });

test('the keys of a tenant share its limit, and leave that of another alone', async () => {
  const sender = sendersWith({ tenantEvents: limitOf('tenant-events', 'events', 10) });
  (await sender('a 1')).charge(6, 0);
  (await sender('a 2')).charge(6, 0);
  await assert.rejects(sender('a 1'), isOver);
  (await sender('b 1')).charge(6, 0);
});

test('a key of several tenants is refused what is of one that is over its limit, and that alone', async () => {
  const sender = sendersWith({ tenantBytes: limitOf('tenant-bytes', 'bytes', 1000) });
  const both = await sender('a,b');
  both.chargeTenants(Array.from({ length: 10 }, () => record('a')));
  assert.throws(() => both.chargeTenants([record('b'), record('a')]), isOver);
  both.chargeTenants(Array.from({ length: 9 }, () => record('b')));
  (await sender('b')).charge(0, 50);
  await assert.rejects(sender('a'), isOver);
});

test('bytes are limited apart from events, and what is left of each is told', async () => {
  const sender = sendersWith({ events: limitOf('events', 'events', 10), bytes: limitOf('bytes', 'bytes', 1000) });
  const one = await sender('a');
  one.charge(2, 100);
  assert.deepEqual(one.limitHeaders(), {
    'ratelimit-policy': '"events";q=10;w=1, "bytes";q=1000;w=1;qu="content-bytes"',
    ratelimit: '"events";r=8;t=1, "bytes";r=900;t=1',
  });
  one.charge(1, 5000);
  await assert.rejects(sender('a'), /More than 1000 bytes a second/);
});

test('where nothing is limited nothing is told', async () => {
  assert.equal((await sendersWith({})('*')).limitHeaders(), undefined);
});
