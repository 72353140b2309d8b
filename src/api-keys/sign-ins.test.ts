import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import type { ApiKey } from '../metrics-store/api-keys.ts';
import type { Session } from '../metrics-store/sessions.ts';
import { KnownKeys } from './key-check.ts';
import { hashOfKey } from './key-text.ts';
import { SignIns } from './sign-ins.ts';

const LIFETIME_MS = 60_000;

function aDoor() {
  const door = { nowMs: 0, key: null as ApiKey | null, sessions: new Map<string, Session>(), isDown: false };
  const parts = {
    id: 'key_1',
    name: '',
    roles: ['read'],
    tenants: ['acme'],
    createdAtMs: 0,
    revokedAtMs: null,
  } as const;
  door.key = { ...parts, hash: hashOfKey('good') };
  const whenUp = async <T>(value: T): Promise<T> => {
    if (door.isDown) throw new Error('down');
    return value;
  };
  const keys = new KnownKeys(
    (hash) => whenUp(door.key?.hash === hash ? door.key : null),
    () => door.nowMs,
  );
  const sessions = {
    add: async (session: Session) => void (await whenUp(door.sessions.set(session.hash, session))),
    find: (hash: string) => whenUp(door.sessions.get(hash) ?? null),
    end: async (hash: string) => void (await whenUp(door.sessions.delete(hash))),
  };
  const signIns = new SignIns({ keys, sessions, nowMs: () => door.nowMs, lifetimeMs: LIFETIME_MS });
  return { door, signIns };
}

const withCookie = (secret: string) => ({ cookie: `streamlens_session=${secret}` });

async function refusalOf(work: Promise<unknown>): Promise<number> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof Problem ? error.status : 0;
}

test('who signed in by a key may what the key may, until the session is over', async () => {
  const { door, signIns } = aDoor();
  const secret = await signIns.byKey('good');
  const { id, tenants } = await signIns.check(withCookie(secret));
  assert.deepEqual([id, tenants], ['key_1', ['acme']]);
  assert.ok(!JSON.stringify([...door.sessions]).includes(secret), 'only its hash is stored');
  door.nowMs = LIFETIME_MS;
  assert.equal(await refusalOf(signIns.check(withCookie(secret))), 401);
});

test('a key that was revoked ends its sessions', async () => {
  const { door, signIns } = aDoor();
  const secret = await signIns.byKey('good');
  door.key = { ...(door.key as ApiKey), revokedAtMs: 1 };
  door.nowMs = 5_000;
  assert.equal(await refusalOf(signIns.check(withCookie(secret))), 401);
});

test('a key that may not read signs nobody in', async () => {
  const { door, signIns } = aDoor();
  door.key = { ...(door.key as ApiKey), roles: ['ingest'] };
  assert.equal(await refusalOf(signIns.byKey('good')), 403);
  assert.equal(door.sessions.size, 0);
});

test('a session for which somebody else vouches needs no key', async () => {
  const { door, signIns } = aDoor();
  door.key = null;
  const secret = await signIns.byWord({ id: 'ada@example.com', roles: ['admin'], tenants: null });
  assert.equal((await signIns.check(withCookie(secret))).id, 'ada@example.com');
});

test('who signs out is out at once, and while sessions cannot be looked up a new one gets 503', async () => {
  const { door, signIns } = aDoor();
  const secret = await signIns.byKey('good');
  await signIns.check(withCookie(secret));
  await signIns.end(withCookie(secret));
  assert.equal(await refusalOf(signIns.check(withCookie(secret))), 401);
  door.isDown = true;
  assert.equal(await refusalOf(signIns.check(withCookie('x'.repeat(43)))), 503);
});
