import type { IncomingHttpHeaders } from 'node:http';

/** No key is longer; nothing longer is hashed. */
const KEY_CHARACTERS_MAX = 512;

/**
 * The key that a request brings, or null: `Authorization: Bearer <key>`, `X-Api-Key: <key>`, or Basic with the key as
 * the password, as Langfuse SDKs send theirs (`public:secret`) and browsers what was typed into their prompt.
 */
export function presentedKey(headers: IncomingHttpHeaders): string | null {
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(\S+)\s*$/.exec(headers.authorization ?? '') ?? [];
  const key = keyOf(scheme.toLowerCase(), credentials) ?? headers['x-api-key'];
  return typeof key === 'string' && key !== '' && key.length <= KEY_CHARACTERS_MAX ? key : null;
}

function keyOf(scheme: string, credentials: string): string | undefined {
  if (scheme === 'bearer') return credentials;
  if (scheme !== 'basic') return undefined;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}
