import { Problem } from '../http/problem.ts';

/** Attempts that fail before one has to wait. */
const ATTEMPTS_MAX = 10;
/** After so long one more is free. */
const ATTEMPT_EVERY_MS = 6_000;
/** Who failed is remembered; beyond it who failed first is forgotten. */
const NAMES_MAX = 10_000;

/** Lets nobody try keys faster than one in six seconds, after the first ten. Those that succeed cost nothing. */
export class AttemptLimit {
  readonly #nowMs: () => number;
  /** By name, when all of its attempts are free again. */
  readonly #freeAtMs = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @throws {Problem} 429 with Retry-After */
  admit(name: string): void {
    const waitMs = (this.#freeAtMs.get(name) ?? 0) - this.#nowMs() - (ATTEMPTS_MAX - 1) * ATTEMPT_EVERY_MS;
    if (waitMs <= 0) return;
    const retryAfterS = Math.ceil(waitMs / 1000);
    throw new Problem(429, `Too many attempts failed; try again in ${retryAfterS} s`, { retryAfterS });
  }

  failed(name: string): void {
    const nowMs = this.#nowMs();
    const freeAtMs = Math.max(nowMs, this.#freeAtMs.get(name) ?? 0) + ATTEMPT_EVERY_MS;
    this.#freeAtMs.delete(name);
    this.#freeAtMs.set(name, freeAtMs);
    if (this.#freeAtMs.size <= NAMES_MAX) return;
    const [first] = this.#freeAtMs.keys();
    if (first !== undefined) this.#freeAtMs.delete(first);
  }
}
