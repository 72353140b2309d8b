import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Session, Sessions } from './sessions.ts';

/** What every adapter of `Sessions` must do. `open` gives an empty store each time; the test closes it. */
export function sessionsContract({
  name,
  open,
}: {
  readonly name: string;
  readonly open: () => Promise<Sessions>;
}): void {
  describe(`${name} as a store of sessions`, () => {
    test('a session is found by its hash until it is ended', async () => {
      const sessions = await open();
      const [byKey, vouched] = [aSession(), aSession({ hash: 'bb', keyHash: null, roles: ['admin'], tenants: null })];
      await sessions.add(byKey, 0);
      await sessions.add(vouched, 0);
      assert.deepEqual(await sessions.find('aa'), byKey);
      assert.deepEqual(await sessions.find('bb'), vouched);
      await sessions.end('aa');
      await sessions.end('aa');
      assert.deepEqual([await sessions.find('aa'), await sessions.find('cc')], [null, null]);
      assert.deepEqual(await sessions.find('bb'), vouched);
      await sessions.close();
    });

    test('what is over is forgotten when the next one signs in', async () => {
      const sessions = await open();
      await sessions.add(aSession({ expiresAtMs: 10 }), 0);
      await sessions.add(aSession({ hash: 'bb', expiresAtMs: 11 }), 10);
      assert.equal(await sessions.find('aa'), null);
      assert.equal((await sessions.find('bb'))?.expiresAtMs, 11);
      await sessions.close();
    });
  });
}

function aSession(parts: Partial<Session> = {}): Session {
  const may = { roles: ['read'], tenants: ['acme', 'umlaut-ä "'] } as const;
  return { hash: 'aa', keyHash: 'ff', subject: 'key_1', ...may, expiresAtMs: 1000, ...parts };
}
