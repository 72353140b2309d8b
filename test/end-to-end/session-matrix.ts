import assert from 'node:assert/strict';
import type { Callers } from './access-matrix.ts';
import type { Server } from './running-server.ts';

interface SessionCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a browser may do that signed in by a key, and who gets no session. At its end nobody here may sign in. */
export async function assertSessions(server: Server, callers: Callers): Promise<void> {
  const session = `${server.metrics}/v1/session`;
  const call = async (url: string, { method = 'GET', headers = {}, body }: SessionCall = {}) => {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };
  const signIn = (key: string, more: Readonly<Record<string, string>> = {}) =>
    call(session, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
      body: JSON.stringify({ key }),
    });
  const signedIn = await signIn(callers.own);
  const setCookie = signedIn.headers.get('set-cookie') ?? '';
  assert.equal(signedIn.status, 204, signedIn.text);
  assert.match(setCookie, /^streamlens_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.ok(!setCookie.includes(callers.own));
  const cookie = setCookie.split(';', 1)[0] ?? '';
  const who = JSON.parse((await call(session, { headers: { cookie } })).text) as Record<
    string,
    Record<string, unknown>
  >;
  assert.deepEqual([who['signed_in']?.['roles'], who['signed_in']?.['tenant_ids']], [['ingest', 'read'], ['a']]);

  // Reads as its key does, and nothing is sent by it: that is what keys are for.
  const metrics = (tenant: string) => `${server.metrics}/v1/metrics?tenant_id=${tenant}`;
  const statusOf = async (url: string, headers: Record<string, string>) => (await call(url, { headers })).status;
  assert.equal(await statusOf(metrics('a'), { cookie }), 200);
  assert.equal(await statusOf(metrics('b'), { cookie }), 403);
  assert.equal(await statusOf(metrics('a'), { cookie: `streamlens_session=${'x'.repeat(43)}` }), 401);
  assert.equal(await statusOf(metrics('a'), { cookie, 'x-api-key': callers.malformed }), 401);
  const event = { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: '{}' };
  assert.equal((await call(`${server.ingestion}/v1/llm/request`, event)).status, 401);

  // A page of another site can neither sign somebody in nor out.
  const foreign = { origin: 'https://evil.example' };
  assert.equal((await signIn(callers.own, foreign)).status, 403);
  assert.equal((await call(session, { method: 'DELETE', headers: { cookie, ...foreign } })).status, 403);
  assert.equal((await signIn(callers.own, { 'content-type': 'text/plain' })).status, 415);
  assert.equal(await statusOf(metrics('a'), { cookie }), 200);

  const out = await call(session, { method: 'DELETE', headers: { cookie } });
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie') ?? '', /streamlens_session=; .*Max-Age=0/);
  assert.equal(await statusOf(metrics('a'), { cookie }), 401, 'the session itself is over, not only its cookie');

  // Each of these is an attempt that failed: after ten nobody tries on from here.
  assert.equal((await signIn(callers.sends)).status, 403);
  assert.equal((await signIn(callers.revoked)).status, 403);
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429 && statuses.length < 20) statuses.push((await signIn(`sl_${statuses.length}`)).status);
  assert.deepEqual(statuses, [...Array.from({ length: 8 }, () => 401), 429]);
  const refused = await signIn(callers.own);
  assert.deepEqual([refused.status, Number(refused.headers.get('retry-after')) > 0], [429, true]);
  assert.ok(!server.output().includes(callers.own) && !server.output().includes(cookie.split('=')[1] ?? ''));
}
