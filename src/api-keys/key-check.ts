import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../http/problem.ts';
import type { ApiKey } from '../metrics-store/api-keys.ts';
import { CachedKeys, type FindKey } from './cached-keys.ts';
import { hashOfKey } from './key-text.ts';
import { presentedKey } from './presented-key.ts';

/**
 * The key that a request brings.
 *
 * @throws {Problem} 401 for none or an unknown one, 403 for one that was revoked, 503 while keys cannot be looked up
 */
export type KeyCheck = (headers: IncomingHttpHeaders) => Promise<ApiKey>;

const RETRY_AFTER_S = 2;

export function keyCheck(find: FindKey, nowMs: () => number): KeyCheck {
  const keys = new CachedKeys(find, nowMs);
  return async (headers) => {
    const text = presentedKey(headers);
    if (text === null) {
      throw new Problem(401, 'An API key is needed: send it as "Authorization: Bearer sl_…" or "X-Api-Key: sl_…"');
    }
    const key = await lookUp(keys, hashOfKey(text));
    if (key === null) throw new Problem(401, 'This API key is not known');
    if (key.revokedAtMs !== null) throw new Problem(403, `The API key ${key.id} was revoked`);
    return key;
  };
}

async function lookUp(keys: CachedKeys, hash: string): Promise<ApiKey | null> {
  try {
    return await keys.find(hash);
  } catch {
    throw new Problem(503, 'API keys cannot be looked up now. Send it again', { retryAfterS: RETRY_AFTER_S });
  }
}
