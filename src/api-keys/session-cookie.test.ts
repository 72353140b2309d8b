import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiredCookies, newSessionSecret, sessionCookie, sessionSecretOf } from './session-cookie.ts';

test('under TLS the cookie is bound to this very host and to TLS, and kept where that is wanted', () => {
  const secret = newSessionSecret();
  const cookie = sessionCookie(secret, { isSecure: true, keptS: 60 });
  const flags = 'Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60';
  assert.equal(cookie, `__Host-streamlens_session=${secret}; ${flags}`);
  assert.equal(sessionSecretOf(`theme=dark; ${cookie.split(';', 1)[0]}; other=1`), secret);
});

test('what is no secret of a session is none', () => {
  for (const header of [undefined, '', 'a', 'streamlens_session=', 'streamlens_session=short', 'x=y; ;=']) {
    assert.equal(sessionSecretOf(header), null, header);
  }
});

test('signing out takes both cookies away', () => {
  assert.equal(expiredCookies().length, 2);
  for (const cookie of expiredCookies()) assert.match(cookie, /session=; .*Max-Age=0/);
});
