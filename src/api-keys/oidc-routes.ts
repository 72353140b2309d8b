import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VIEW_LENGTH_MAX } from '../http/dashboard-view.ts';
import { invalidQuery } from '../http/invalid-query.ts';
import { Problem } from '../http/problem.ts';
import { toProblem } from '../http/problem-answer.ts';
import { unknownParameters } from '../http/unknown-parameters.ts';
import { CALLBACK_PATH, type OidcAttempt, type OidcSignIn } from './oidc-sign-in.ts';
import { REFUSED_POLICY, refusedPage } from './refused-page.ts';
import { sessionCookie } from './session-cookie.ts';
import { OIDC_PATH } from './session-routes.ts';
import type { SignIns } from './sign-ins.ts';

export interface OidcDoor {
  readonly signIns: SignIns;
  readonly oidc: OidcSignIn;
  readonly isSecure: boolean;
}

/** What the browser keeps while it is at the provider. */
interface KeptAttempt extends OidcAttempt {
  /** What stood behind the `?` of the dashboard's address: a link that somebody shared is still there afterwards. */
  readonly view: string;
}

const OPEN = { config: { isOpen: true }, errorHandler: answerPerson };
const ATTEMPT_COOKIE = 'streamlens_sign_in';
const ATTEMPT_S = 600;

/** `GET /v1/session/oidc` sends the browser to the provider, which sends it back to `…/callback`. */
export function addOidcRoutes(server: FastifyInstance, { signIns, oidc, isSecure }: OidcDoor): void {
  // It comes back by a link of another site, with which a stricter cookie would not be sent.
  const cookieOf = (value: string, keptS: number): string =>
    `${ATTEMPT_COOKIE}=${value}; Path=${OIDC_PATH}; HttpOnly; SameSite=Lax; Max-Age=${keptS}${isSecure ? '; Secure' : ''}`;
  server.get(OIDC_PATH, OPEN, async (request, reply) => {
    const view = viewOf(request.query as Record<string, unknown>);
    const { url, attempt } = await oidc.begin();
    const value = Buffer.from(JSON.stringify({ ...attempt, view } satisfies KeptAttempt)).toString('base64url');
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
    // Always behind "/?", so that no link leads through here to another site.
    const view = new URLSearchParams(attempt.view).toString();
    return reply
      .header('cache-control', 'no-store')
      .header('set-cookie', cookies)
      .redirect(view === '' ? '/' : `/?${view}`, 303);
  });
}

/** @throws {Problem} 400 for other parameters, and for a view that no cookie has room for */
function viewOf(query: Readonly<Record<string, unknown>>): string {
  const errors = unknownParameters(query, ['view']);
  const { view = '' } = query;
  if (typeof view === 'string' && view.length <= VIEW_LENGTH_MAX && errors.length === 0) return view;
  if (errors.length === 0) {
    errors.push({ path: '/view', message: `must be given once, in at most ${VIEW_LENGTH_MAX} characters` });
  }
  throw invalidQuery(errors);
}

function attemptOf(header: string | undefined): KeptAttempt | null {
  const [, value = ''] = new RegExp(`(?:^|;\\s*)${ATTEMPT_COOKIE}=([\\w-]+)`).exec(header ?? '') ?? [];
  try {
    const attempt = JSON.parse(Buffer.from(value, 'base64url').toString('utf8')) as Partial<KeptAttempt>;
    const { state, nonce, verifier, view } = attempt;
    if (typeof state === 'string' && typeof nonce === 'string' && typeof verifier === 'string') {
      return { state, nonce, verifier, view: typeof view === 'string' ? view : '' };
    }
  } catch {
    // Falls through.
  }
  return null;
}

/** A person who is sent here by a link reads a page; programs get the problem as everywhere. */
function answerPerson(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error);
  if (request.headers.accept?.includes('text/html') !== true || problem.status === 500) throw error;
  void reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .header('content-security-policy', REFUSED_POLICY)
    .type('text/html; charset=utf-8')
    .send(refusedPage(problem.message));
}
