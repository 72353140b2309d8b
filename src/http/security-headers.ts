/** Browsers come back by TLS alone for so long, once they did. */
const HSTS_S = 31_536_000;

/** What each answer tells browsers, whatever it is; an answer with more to allow sets its own policy. */
export function securityHeaders(isTls: boolean): Readonly<Record<string, string>> {
  return {
    // An answer is what it says it is: no browser may take a tenant's name in JSON for a page.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    ...transportHeaders(isTls),
  };
}

/** For answers to programs, which are many: what matters wherever they are opened. */
export function transportHeaders(isTls: boolean): Readonly<Record<string, string>> {
  return isTls ? { 'strict-transport-security': `max-age=${HSTS_S}` } : {};
}
