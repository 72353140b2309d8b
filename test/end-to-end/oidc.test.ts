import assert from 'node:assert/strict';
import type { Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import Provider from 'oidc-provider';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { serverFor } from './running-server.ts';

const CLIENT = { client_id: 'streamlens', client_secret: 'a-secret-of-the-test' };

/** A provider on this machine; who signs in as `<roles>/<tenants>` has these claims. */
async function startProvider(t: TestContext, redirectUri: string): Promise<string> {
  const [port = 0] = await freePorts(1);
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_post' }],
    claims: { openid: ['sub', 'groups', 'orgs'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of the test'] },
    findAccount: (_context, id) => {
      const [groups = '', orgs = ''] = id.split('/');
      return { accountId: id, claims: async () => ({ sub: id, groups: [groups], orgs: [orgs] }) };
    },
  });
  const server = provider.listen(port, '127.0.0.1') as unknown as Server;
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return issuer;
}

/** A browser as far as redirects, forms and cookies go, each host with its own. */
class Visitor {
  readonly #jars = new Map<string, Map<string, string>>();

  cookies(url: string): string {
    return Array.from(this.#jar(url), ([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Follows redirects to the last one. */
  async open(url: string, form?: Record<string, string>): Promise<{ url: string; status: number; text: string }> {
    let at = url;
    let body = form === undefined ? undefined : new URLSearchParams(form);
    for (let hops = 0; hops < 20; hops++) {
      const response = await fetch(at, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: { cookie: this.cookies(at), accept: 'text/html,*/*;q=0.8' },
        ...(body === undefined ? {} : { body }),
      });
      for (const cookie of response.headers.getSetCookie()) this.#keep(at, cookie);
      const text = await response.text();
      const location = response.headers.get('location');
      if (location === null) return { url: at, status: response.status, text };
      [at, body] = [new URL(location, at).href, undefined];
    }
    throw new Error(`${url} leads nowhere`);
  }

  #keep(url: string, cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (value === '') this.#jar(url).delete(name);
    else this.#jar(url).set(name, value);
  }

  #jar(url: string): Map<string, string> {
    const { host } = new URL(url);
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }
}

/** Signs in at the provider's own pages. */
async function signIn(visitor: Visitor, metrics: string, login: string, view = '') {
  const asked = await visitor.open(`${metrics}/v1/session/oidc${view}`);
  const consent = await visitor.open(asked.url, { prompt: 'login', login, password: 'any' });
  return consent.text.includes('consent') ? visitor.open(consent.url, { prompt: 'consent' }) : consent;
}

test('one signs in at an OpenID Connect provider, whose claims say what one may', async (t) => {
  const [metricsPort = 0] = await freePorts(1);
  const metrics = `http://127.0.0.1:${metricsPort}`;
  const issuer = await startProvider(t, `${metrics}/v1/session/oidc/callback`);
  const env = {
    API_KEYS: 'required',
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: CLIENT.client_id,
    OIDC_CLIENT_SECRET: CLIENT.client_secret,
    OIDC_ROLES_CLAIM: 'groups',
    OIDC_TENANTS_CLAIM: 'orgs',
    OIDC_ROLE_MAP: 'finance=read',
    PUBLIC_URL: metrics,
  };
  const server = await serverFor(t, env, { metricsPort });
  const offered = await (await fetch(`${metrics}/v1/session`)).json();
  assert.equal((offered as { sign_in_with: { url: string } }).sign_in_with.url, '/v1/session/oidc');

  const ada = new Visitor();
  const back = await signIn(ada, metrics, 'finance/acme');
  assert.deepEqual([back.url, back.status], [`${metrics}/`, 200], back.text);
  // A link that a colleague shared shows afterwards what it shows a colleague, and leads nowhere else.
  const shared = await signIn(new Visitor(), metrics, 'finance/acme', '?view=tenant%3Dacme%26range%3D24h');
  assert.equal(shared.url, `${metrics}/?tenant=acme&range=24h`);
  const elsewhere = await signIn(new Visitor(), metrics, 'finance/acme', '?view=%2F%2Fevil.example%2F%0D%0Ax');
  assert.equal(new URL(elsewhere.url).origin, metrics);
  const statusOf = async (visitor: Visitor, tenant: string): Promise<number> => {
    const url = `${metrics}/v1/metrics?tenant_id=${tenant}`;
    const response = await fetch(url, { headers: { cookie: visitor.cookies(url) } });
    await response.text();
    return response.status;
  };
  assert.deepEqual([await statusOf(ada, 'acme'), await statusOf(ada, 'globex')], [200, 403]);

  const stranger = new Visitor();
  const refused = await signIn(stranger, metrics, 'chess/acme');
  assert.deepEqual([refused.status, /gives no role/.test(refused.text)], [403, true], refused.text);
  assert.match(refused.text, /<h1>You are not signed in<\/h1>.*<a href="\/">Back to the sign-in page<\/a>/s);
  assert.equal(await statusOf(stranger, 'acme'), 401);

  // An answer that nobody here asked for, as another site may send a browser with.
  const forged = await new Visitor().open(`${metrics}/v1/session/oidc/callback?code=x&state=y`);
  assert.equal(forged.status, 403);
  const begun = new Visitor();
  await begun.open(`${metrics}/v1/session/oidc`);
  assert.equal((await begun.open(`${metrics}/v1/session/oidc/callback?code=x&state=y`)).status, 403);
  assert.ok(!server.output().includes(CLIENT.client_secret));
});
