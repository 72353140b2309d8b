import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import type { ApiKey } from '../metrics-store/api-keys.ts';
import { type CallerCheck, KnownKeys } from './key-check.ts';
import { hashOfKey, newKeyId, newKeyText } from './key-text.ts';
import { presentedKey } from './presented-key.ts';

function aKey(text: string, parts: Partial<ApiKey> = {}): ApiKey {
  const hash = hashOfKey(text);
  return {
    id: 'key_1',
    hash,
    name: '',
    roles: ['read'],
    tenants: ['acme'],
    createdAtMs: 0,
    revokedAtMs: null,
    ...parts,
  };
}

/** A store that counts how often it is asked. */
function aStore(keys: readonly ApiKey[]) {
  const store = {
    asked: 0,
    isDown: false,
    keys,
    find: async (hash: string): Promise<ApiKey | null> => {
      store.asked++;
      if (store.isDown) throw new Error('down');
      return store.keys.find((key) => key.hash === hash) ?? null;
    },
  };
  return store;
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

async function refusalOf(check: CallerCheck, headers: Parameters<CallerCheck>[0]): Promise<number> {
  try {
    await check(headers);
  } catch (error) {
    assert.ok(error instanceof Problem);
    return error.status;
  }
  return 0;
}

test('a key is sl_ and 32 random bytes, and no two are alike', () => {
  const [one, other] = [newKeyText(), newKeyText()];
  assert.match(one, /^sl_[A-Za-z0-9_-]{43}$/);
  assert.notEqual(one, other);
  assert.match(newKeyId(), /^key_[0-9a-f]{12}$/);
});

test('a key may come as Bearer, as X-Api-Key or as the password of Basic', () => {
  const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  assert.equal(presentedKey(bearer('sl_a')), 'sl_a');
  assert.equal(presentedKey({ authorization: 'bearer   sl_a ' }), 'sl_a');
  assert.equal(presentedKey({ 'x-api-key': 'sl_a' }), 'sl_a');
  assert.equal(presentedKey(basic('pk-public:sl_a')), 'sl_a');
  assert.equal(presentedKey(basic(':sl_a')), 'sl_a');
});

test('what holds no key gives none', () => {
  for (const authorization of ['', 'Bearer', 'Digest abc', 'Basic OnNs Xw=='])
    assert.equal(presentedKey({ authorization }), null);
  assert.equal(presentedKey({}), null);
  assert.equal(presentedKey({ 'x-api-key': ['a', 'b'] }), null);
  assert.equal(presentedKey({ 'x-api-key': 'x'.repeat(513) }), null);
});

test('a known key passes with its tenants; a missing and an unknown one are 401, a revoked one is 403', async () => {
  const store = aStore([aKey('good'), aKey('old', { revokedAtMs: 5 })]);
  const check = new KnownKeys(store.find, () => 0).check;
  assert.deepEqual((await check(bearer('good'))).tenants, ['acme']);
  assert.equal(await refusalOf(check, {}), 401);
  assert.equal(await refusalOf(check, bearer('guess')), 401);
  assert.equal(await refusalOf(check, bearer('old')), 403);
});

test('the store is asked once for many requests at once, and not again for five seconds', async () => {
  const store = aStore([aKey('good')]);
  let nowMs = 0;
  const check = new KnownKeys(store.find, () => nowMs).check;
  await Promise.all(Array.from({ length: 20 }, () => check(bearer('good'))));
  nowMs = 4_999;
  await check(bearer('good'));
  assert.equal(store.asked, 1);
});

test('a key that is revoked ends within five seconds', async () => {
  const store = aStore([aKey('good')]);
  let nowMs = 0;
  const check = new KnownKeys(store.find, () => nowMs).check;
  await check(bearer('good'));
  store.keys = [aKey('good', { revokedAtMs: 1 })];
  nowMs = 5_000;
  assert.equal(await refusalOf(check, bearer('good')), 403);
});

test('while the store is down, keys known of late still pass and others are asked to come back', async () => {
  const store = aStore([aKey('good'), aKey('late')]);
  let nowMs = 0;
  const check = new KnownKeys(store.find, () => nowMs).check;
  await check(bearer('good'));
  store.isDown = true;
  nowMs = 60_000;
  assert.equal((await check(bearer('good'))).id, 'key_1');
  assert.equal(await refusalOf(check, bearer('late')), 503);
  nowMs = 601_000;
  assert.equal(await refusalOf(check, bearer('good')), 503);
});

test('junk keys are remembered, but not without bound', async () => {
  const store = aStore([]);
  const check = new KnownKeys(store.find, () => 0).check;
  for (const text of ['junk', 'junk']) await refusalOf(check, bearer(text));
  assert.equal(store.asked, 1);
  for (let i = 0; i < 10_000; i++) await refusalOf(check, bearer(`junk-${i}`));
  await refusalOf(check, bearer('junk'));
  assert.equal(store.asked, 10_002);
});
