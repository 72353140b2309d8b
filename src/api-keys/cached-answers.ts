import { LRUCache } from 'lru-cache';

/** What the store says of a hash; null where it knows nothing. */
export type Find<T> = (hash: string) => Promise<T | null>;

/** How long an answer is used without asking again: so long a revoked key may still work. */
const FRESH_MS = 5_000;
/** How long an answer is used while the store cannot be asked. */
const STALE_MS_MAX = 10 * 60_000;
/**
 * Answers that are kept; beyond it the one goes that was not asked for longest. Unknown hashes are kept as well, so
 * that junk does not reach the store each time.
 */
const ANSWERS_MAX = 10_000;

interface Answer<T> {
  readonly value: T | null;
  readonly askedAtMs: number;
}

/** Remembers for seconds what the store says about keys or sessions, and asks once where many want to know the same. */
export class CachedAnswers<T> {
  readonly #find: Find<T>;
  readonly #nowMs: () => number;
  readonly #answers = new LRUCache<string, Answer<T>>({ max: ANSWERS_MAX });
  readonly #asking = new Map<string, Promise<T | null>>();

  constructor(find: Find<T>, nowMs: () => number) {
    this.#find = find;
    this.#nowMs = nowMs;
  }

  /** @throws what the store throws, where it was not asked recently */
  async find(hash: string): Promise<T | null> {
    const known = this.#answers.get(hash);
    const nowMs = this.#nowMs();
    if (known !== undefined && nowMs - known.askedAtMs < FRESH_MS) return known.value;
    try {
      return await this.#ask(hash, nowMs);
    } catch (error) {
      if (known !== undefined && nowMs - known.askedAtMs < STALE_MS_MAX) return known.value;
      throw error;
    }
  }

  /** From now on the store is asked again. */
  forget(hash: string): void {
    this.#answers.delete(hash);
  }

  #ask(hash: string, askedAtMs: number): Promise<T | null> {
    let asking = this.#asking.get(hash);
    if (asking === undefined) {
      asking = this.#find(hash)
        .then((value) => {
          this.#answers.set(hash, { value, askedAtMs });
          return value;
        })
        .finally(() => this.#asking.delete(hash));
      this.#asking.set(hash, asking);
    }
    return asking;
  }
}
