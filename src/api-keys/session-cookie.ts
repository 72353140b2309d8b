import { randomBytes } from 'node:crypto';

/** A browser takes the first name from this very host by TLS only, so no neighbour can plant it. */
const SECURE_NAME = '__Host-streamlens_session';
/** Where there is no TLS, as on loopback. */
const PLAIN_NAME = 'streamlens_session';
const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

export interface CookieOptions {
  /** Whether the browser came by TLS. */
  readonly isSecure: boolean;
  /** How long the browser keeps it; undefined: until it is closed. */
  readonly keptS?: number | undefined;
}

export function newSessionSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * No script reads it, and no page of another site makes a browser send it, not even by a link: the page at `/` needs
 * none, and asks from this site for what does.
 */
export function sessionCookie(secret: string, { isSecure, keptS }: CookieOptions): string {
  const parts = [`${isSecure ? SECURE_NAME : PLAIN_NAME}=${secret}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
  if (isSecure) parts.push('Secure');
  if (keptS !== undefined) parts.push(`Max-Age=${keptS}`);
  return parts.join('; ');
}

/** Takes both away. */
export function expiredCookies(): readonly string[] {
  return [true, false].map((isSecure) => sessionCookie('', { isSecure, keptS: 0 }));
}

/** The secret of the session that a request brings; null for none, or what cannot be one. */
export function sessionSecretOf(header: string | undefined): string | null {
  const cookies = new Map(
    (header ?? '').split(';').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
  const secret = cookies.get(SECURE_NAME) ?? cookies.get(PLAIN_NAME) ?? '';
  return SECRET.test(secret) ? secret : null;
}
