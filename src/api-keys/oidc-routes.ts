import type { FastifyInstance } from 'fastify';
import { Problem } from '../http/problem.ts';
import { refuseParameters } from '../http/unknown-parameters.ts';
import { CALLBACK_PATH, type OidcAttempt, type OidcSignIn } from './oidc-sign-in.ts';
import { sessionCookie } from './session-cookie.ts';
import { OIDC_PATH } from './session-routes.ts';
import type { SignIns } from './sign-ins.ts';

export interface OidcDoor {
  readonly signIns: SignIns;
  readonly oidc: OidcSignIn;
  readonly isSecure: boolean;
}

const OPEN = { config: { isOpen: true } };
const ATTEMPT_COOKIE = 'streamlens_sign_in';
const ATTEMPT_S = 600;

/** `GET /v1/session/oidc` sends the browser to the provider, which sends it back to `…/callback`. */
export function addOidcRoutes(server: FastifyInstance, { signIns, oidc, isSecure }: OidcDoor): void {
  // It comes back by a link of another site, with which a stricter cookie would not be sent.
  const cookieOf = (value: string, keptS: number): string =>
    `${ATTEMPT_COOKIE}=${value}; Path=${OIDC_PATH}; HttpOnly; SameSite=Lax; Max-Age=${keptS}${isSecure ? '; Secure' : ''}`;
  server.get(OIDC_PATH, OPEN, async (request, reply) => {
    refuseParameters(request);
    const { url, attempt } = await oidc.begin();
    const value = Buffer.from(JSON.stringify(attempt)).toString('base64url');
    return reply
      .header('cache-control', 'no-store')
      .header('set-cookie', cookieOf(value, ATTEMPT_S))
      .redirect(url, 303);
  });
  server.get(CALLBACK_PATH, OPEN, async (request, reply) => {
    const attempt = attemptOf(request.headers.cookie);
    if (attempt === null) throw new Problem(403, 'Nobody began to sign in here, or too long ago; begin again');
    const query = request.url.slice(request.url.indexOf('?') + 1);
    const secret = await signIns.byWord(await oidc.finish(query, attempt));
    const cookies = [sessionCookie(secret, { isSecure }), cookieOf('', 0)];
    return reply.header('cache-control', 'no-store').header('set-cookie', cookies).redirect('/', 303);
  });
}

function attemptOf(header: string | undefined): OidcAttempt | null {
  const [, value = ''] = new RegExp(`(?:^|;\\s*)${ATTEMPT_COOKIE}=([\\w-]+)`).exec(header ?? '') ?? [];
  try {
    const attempt = JSON.parse(Buffer.from(value, 'base64url').toString('utf8')) as Partial<OidcAttempt>;
    const { state, nonce, verifier } = attempt;
    if (typeof state === 'string' && typeof nonce === 'string' && typeof verifier === 'string') {
      return { state, nonce, verifier };
    }
  } catch {
    // Falls through.
  }
  return null;
}
