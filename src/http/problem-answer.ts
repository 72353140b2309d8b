import { isProblemStatus, Problem, type RateLimitState } from './problem.ts';

/** What a handler threw, as it is answered: whatever is nobody's but ours becomes a 500 without detail. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Problem(413, 'The body is larger than this endpoint takes');
  if (statusCode !== undefined && statusCode < 500 && isProblemStatus(statusCode))
    return new Problem(statusCode, message);
  if (code === 'ECONNRESET') return new Problem(400, 'The body ended before its announced length');
  return new Problem(500, 'Something went wrong here; the log of the server says more');
}

export function problemHeaders({ status, retryAfterS, rateLimit }: Problem): Record<string, string> {
  return {
    'content-type': 'application/problem+json; charset=utf-8',
    // Basic as well, so that a browser asks for the key: anything as the name, the key as the password.
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="StreamLens", Basic realm="StreamLens"' } : {}),
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    ...(rateLimit === undefined ? {} : rateLimitHeaders([rateLimit])),
  };
}

/** As draft-ietf-httpapi-ratelimit-headers has it: each policy, and what is left of it. */
export function rateLimitHeaders(states: readonly RateLimitState[]): Record<string, string> {
  const unitOf = ({ unit }: RateLimitState): string => (unit === 'bytes' ? ';qu="content-bytes"' : '');
  return {
    'ratelimit-policy': states.map((each) => `"${each.name}";q=${each.perSecond};w=1${unitOf(each)}`).join(', '),
    ratelimit: states.map(({ name, remaining, resetS }) => `"${name}";r=${remaining};t=${resetS}`).join(', '),
  };
}

/** The path of a request as it may be logged or told. */
export function shownPath(url: string): string {
  return url.split('?', 1)[0]?.slice(0, 200) ?? '';
}
