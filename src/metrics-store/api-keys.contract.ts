import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiKey, ApiKeys } from './api-keys.ts';

/** What every adapter of `ApiKeys` must do. `open` gives an empty store each time; the test closes it. */
export function apiKeysContract({
  name,
  open,
}: {
  readonly name: string;
  readonly open: () => Promise<ApiKeys>;
}): void {
  describe(`${name} as a store of API keys`, () => {
    test('a key is found by its hash, and only by that', async () => {
      const keys = await open();
      const key = aKey({ id: 'k1', hash: 'aa', roles: ['read', 'admin'], tenants: ['umlaut-ä "', 'acme'] });
      await keys.add(key);
      await keys.add(aKey({ id: 'k2', hash: 'bb' }));
      assert.deepEqual(await keys.find('aa'), key);
      assert.equal(await keys.find('a'), null);
      assert.equal(await keys.find('k1'), null);
      await keys.close();
    });

    test('a key for all tenants has none', async () => {
      const keys = await open();
      await keys.add(aKey({ tenants: null }));
      assert.equal((await keys.list())[0]?.tenants, null);
      await keys.close();
    });

    test('keys are listed from the oldest on, the revoked ones as well', async () => {
      const keys = await open();
      await keys.add(aKey({ id: 'new', hash: 'aa', createdAtMs: 20 }));
      await keys.add(aKey({ id: 'old', hash: 'bb', createdAtMs: 10 }));
      await keys.revoke('old', 30);
      const listed = (await keys.list()).map(({ id, revokedAtMs }) => [id, revokedAtMs]);
      assert.deepEqual(listed, [
        ['old', 30],
        ['new', null],
      ]);
      await keys.close();
    });

    test('a revoked key is still found, so that its holder can be told', async () => {
      const keys = await open();
      await keys.add(aKey({ id: 'k1', hash: 'aa' }));
      assert.equal(await keys.revoke('k1', 5), 'revoked');
      assert.equal((await keys.find('aa'))?.revokedAtMs, 5);
      await keys.close();
    });

    test('revoking again keeps the first time, and an unknown id is told apart', async () => {
      const keys = await open();
      await keys.add(aKey({ id: 'k1', hash: 'aa' }));
      await keys.revoke('k1', 5);
      assert.equal(await keys.revoke('k1', 9), 'already');
      assert.equal((await keys.find('aa'))?.revokedAtMs, 5);
      assert.equal(await keys.revoke('other', 9), 'unknown');
      await keys.close();
    });
  });
}

function aKey(parts: Partial<ApiKey> = {}): ApiKey {
  const may = { roles: ['ingest', 'read'], tenants: ['acme'] } as const;
  return { id: 'k1', hash: 'aa', name: 'laptop', ...may, createdAtMs: 1, revokedAtMs: null, ...parts };
}
