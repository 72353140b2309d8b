import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BodyBudget } from '../http/body-budget.ts';
import type { TrustedProxies } from '../http/client-address.ts';
import { collectBody } from '../http/collect-body.ts';
import type { KnownHosts } from '../http/known-hosts.ts';
import { Problem } from '../http/problem.ts';
import { mediaType } from '../http/read-body.ts';
import { refuseParameters } from '../http/unknown-parameters.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { expiredCookies, sessionCookie } from './session-cookie.ts';
import type { SignIns } from './sign-ins.ts';

export interface SessionDoor {
  readonly signIns: SignIns;
  /** Whose pages may sign somebody in. */
  readonly hosts: KnownHosts;
  readonly proxies: TrustedProxies;
  /** Whether browsers come by TLS, as far as the settings say. */
  readonly isSecure: boolean;
  readonly nowMs: () => number;
  /** The path by which people sign in somewhere else; null where they cannot. */
  readonly otherSignIn: string | null;
}

export const OIDC_PATH = '/v1/session/oidc';

const BODY_BYTES_MAX = 4096;
const BODIES_MAX = 64;

/** `GET /v1/session`: whether a key is needed, and who is signed in. `POST` signs in by a key, `DELETE` out. */
export function addSessionRoutes(server: FastifyInstance, door: SessionDoor | null): void {
  server.get('/v1/session', OPEN, async (request, reply) => {
    refuseParameters(request);
    void reply.header('cache-control', 'no-store');
    const signedIn = door === null ? null : await door.signIns.find(request.headers);
    return {
      is_key_required: door !== null,
      sign_in_with: door?.otherSignIn == null ? null : { name: 'single sign-on', url: door.otherSignIn },
      signed_in:
        signedIn === null
          ? null
          : {
              subject: signedIn.id,
              roles: signedIn.roles,
              tenant_ids: signedIn.tenants,
              expires_at: new Date(signedIn.expiresAtMs).toISOString(),
            },
    };
  });
  if (door?.otherSignIn == null) {
    for (const path of [OIDC_PATH, `${OIDC_PATH}/callback`]) {
      server.get(path, OPEN, async () => {
        throw new Problem(404, 'No OpenID Connect provider is set here');
      });
    }
  }
  if (door !== null) return addSignIn(server, door);
  const nobody = async (request: FastifyRequest): Promise<never> => {
    refuseParameters(request);
    throw new Problem(404, 'No API key is required here, so nobody signs in or out');
  };
  server.post('/v1/session', OPEN, nobody);
  server.delete('/v1/session', OPEN, nobody);
}

/** Not behind the guard: who is not signed in yet must get in. */
const OPEN = { config: { isOpen: true } };

function addSignIn(server: FastifyInstance, door: SessionDoor): void {
  const { signIns, hosts, nowMs } = door;
  const attempts = new AttemptLimit(nowMs);
  const budget = new BodyBudget(BODIES_MAX * BODY_BYTES_MAX);
  server.post('/v1/session', OPEN, async (request, reply) => {
    refuseParameters(request);
    refuseForeignPage(request, hosts);
    mediaType(request.headers, 'application/json');
    const name = addressOf(request, door);
    attempts.admit(name);
    const lease = budget.lease();
    try {
      const { key, isKept } = readSignIn(await collectBody(request.raw, BODY_BYTES_MAX, lease));
      const secret = await signIns.byKey(key);
      const keptS = isKept ? Math.floor(signIns.lifetimeMs / 1000) : undefined;
      const cookie = sessionCookie(secret, { isSecure: isSecure(request, door), keptS });
      return await reply.header('cache-control', 'no-store').header('set-cookie', cookie).code(204).send();
    } catch (error) {
      // An attempt is what names a key; while keys cannot be looked up nothing was tried.
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) attempts.failed(name);
      throw error;
    } finally {
      lease.release();
    }
  });
  server.delete('/v1/session', OPEN, async (request, reply) => {
    refuseParameters(request);
    refuseForeignPage(request, hosts);
    await signIns.end(request.headers);
    return reply
      .header('cache-control', 'no-store')
      .header('set-cookie', [...expiredCookies()])
      .code(204)
      .send();
  });
}

/** @throws {Problem} 403 */
function refuseForeignPage({ headers }: FastifyRequest, hosts: KnownHosts): void {
  const { origin, host } = headers;
  hosts.refuseForeignPage({ origin, host, fetchSite: headers['sec-fetch-site']?.toString() });
}

function addressOf({ headers, socket }: FastifyRequest, { proxies }: SessionDoor): string {
  return proxies.clientAddress(socket.remoteAddress ?? '', headers['x-forwarded-for']);
}

/** A proxy in front that ends TLS says so, where its word is taken. */
function isSecure(request: FastifyRequest, { isSecure: isTls, proxies }: SessionDoor): boolean {
  const { headers, socket } = request;
  return isTls || (headers['x-forwarded-proto'] === 'https' && proxies.trusts(socket.remoteAddress ?? ''));
}

interface SignInRequest {
  readonly key: string;
  readonly isKept: boolean;
}

function readSignIn(body: Buffer): SignInRequest {
  try {
    const value = JSON.parse(body.toString('utf8')) as { key?: unknown; keep?: unknown } | null;
    const { key, keep = false } = value ?? {};
    if (typeof key === 'string' && key !== '' && typeof keep === 'boolean') return { key, isKept: keep };
  } catch {
    // Falls through to the one complaint: what JSON.parse says quotes the body.
  }
  throw new Problem(400, 'The body must be {"key": "sl_…", "keep": false}', {
    errors: [{ path: '/key', message: 'must be the text of an API key' }],
  });
}
