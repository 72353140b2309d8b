import type { ApiKey, ApiKeys } from '../metrics-store/api-keys.ts';

export type FindKey = ApiKeys['find'];

/** How long an answer is used without asking again: so long a revoked key may still work. */
const FRESH_MS = 5_000;
/** How long an answer is used while the store cannot be asked. */
const STALE_MS_MAX = 10 * 60_000;
/**
 * Answers that are kept; beyond it the oldest goes. Unknown keys are kept as well, so that junk does not reach the
 * store each time.
 */
const ANSWERS_MAX = 10_000;

interface Answer {
  readonly key: ApiKey | null;
  readonly askedAtMs: number;
}

/** Remembers for seconds what the store says about keys, and asks once where many requests want to know the same. */
export class CachedKeys {
  readonly #find: FindKey;
  readonly #nowMs: () => number;
  readonly #answers = new Map<string, Answer>();
  readonly #asking = new Map<string, Promise<ApiKey | null>>();

  constructor(find: FindKey, nowMs: () => number) {
    this.#find = find;
    this.#nowMs = nowMs;
  }

  /** @throws what the store throws, where it was not asked recently */
  async find(hash: string): Promise<ApiKey | null> {
    const known = this.#answers.get(hash);
    const nowMs = this.#nowMs();
    if (known !== undefined && nowMs - known.askedAtMs < FRESH_MS) return known.key;
    try {
      return await this.#ask(hash, nowMs);
    } catch (error) {
      if (known !== undefined && nowMs - known.askedAtMs < STALE_MS_MAX) return known.key;
      throw error;
    }
  }

  #ask(hash: string, askedAtMs: number): Promise<ApiKey | null> {
    let asking = this.#asking.get(hash);
    if (asking === undefined) {
      asking = this.#find(hash)
        .then((key) => {
          this.#remember(hash, { key, askedAtMs });
          return key;
        })
        .finally(() => this.#asking.delete(hash));
      this.#asking.set(hash, asking);
    }
    return asking;
  }

  #remember(hash: string, answer: Answer): void {
    this.#answers.delete(hash);
    this.#answers.set(hash, answer);
    if (this.#answers.size <= ANSWERS_MAX) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}
