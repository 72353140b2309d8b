import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../http/problem.ts';
import type { ApiKey } from '../metrics-store/api-keys.ts';
import { CachedAnswers, type Find } from './cached-answers.ts';
import type { Caller } from './caller.ts';
import { hashOfKey } from './key-text.ts';
import { presentedKey } from './presented-key.ts';

/**
 * Who calls, by the key that a request brings.
 *
 * @throws {Problem} 401 for none or an unknown one, 403 for one that was revoked, 503 while keys cannot be looked up
 */
export type CallerCheck = (headers: IncomingHttpHeaders) => Promise<Caller>;

const RETRY_AFTER_S = 2;

/** The keys of the store, which is asked about each of them every few seconds at most. */
export class KnownKeys {
  readonly #keys: CachedAnswers<ApiKey>;

  constructor(find: Find<ApiKey>, nowMs: () => number) {
    this.#keys = new CachedAnswers(find, nowMs);
  }

  readonly check: CallerCheck = async (headers) => {
    const text = presentedKey(headers);
    if (text === null) {
      throw new Problem(401, 'An API key is needed: send it as "Authorization: Bearer sl_…" or "X-Api-Key: sl_…"');
    }
    return this.byHash(hashOfKey(text));
  };

  /** @throws {Problem} as `check` */
  async byHash(hash: string): Promise<ApiKey> {
    const key = await lookUp(() => this.#keys.find(hash));
    if (key === null) throw new Problem(401, 'This API key is not known');
    if (key.revokedAtMs !== null) throw new Problem(403, `The API key ${key.id} was revoked`);
    return key;
  }
}

/** @throws {Problem} 503 where the store cannot be asked */
export async function lookUp<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    throw new Problem(503, 'API keys cannot be looked up now. Send it again', { retryAfterS: RETRY_AFTER_S });
  }
}
