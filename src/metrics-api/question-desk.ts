import { Problem } from '../http/problem.ts';
import { isLongQuestion } from './question-size.ts';
import type { Answerer, QuestionKind, Questions } from './questions.ts';

/** So many long questions are answered at a time: a reader is always free for the short ones. */
const LONG_MAX = 3;
/** So many wait for their turn. */
const QUEUE_MAX = 200;
const RETRY_AFTER_S = 2;

/**
 * Lets no question stop another: long ones take turns, each has a deadline, and one for which nobody waits any more
 * ends.
 */
export class QuestionDesk {
  readonly #answerer: Answerer;
  readonly #timeoutMs: number;
  readonly #queue: (() => void)[] = [];
  #longCount = 0;

  constructor(answerer: Answerer, { timeoutMs }: { readonly timeoutMs: number }) {
    this.#answerer = answerer;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {Problem} 422 when it takes too long, 503 when it does not come to its turn in time */
  async answer<K extends QuestionKind>(kind: K, question: Questions[K], signal: AbortSignal): Promise<string | null> {
    const isLong = isLongQuestion(kind, question);
    if (isLong) await this.#turn(signal);
    const ended = new AbortController();
    const end = (): void => ended.abort();
    signal.addEventListener('abort', end, { once: true });
    const answer = this.#answerer.answer(kind, question, { signal: ended.signal, isLong });
    // The turn is over when the store has stopped, not when the client has been told.
    const release = (): void => {
      signal.removeEventListener('abort', end);
      if (isLong) this.#release();
    };
    answer.then(release, release);
    return this.#inTime(answer, ended);
  }

  async #inTime(answer: Promise<string | null>, ended: AbortController): Promise<string | null> {
    const seconds = Math.round(this.#timeoutMs / 100) / 10;
    const late = new Problem(
      422,
      `The question took longer than ${seconds} s. Narrow it: a shorter range, a longer step, fewer groups, a filter by route or model, or a smaller limit.`,
    );
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(late);
        ended.abort();
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([answer, deadline]);
    } catch (error) {
      if (error === late || !ended.signal.aborted) throw error;
      throw new Problem(503, 'The question was given up, as its client had gone.', { retryAfterS: RETRY_AFTER_S });
    } finally {
      clearTimeout(timer);
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#longCount < LONG_MAX) {
      this.#longCount++;
      return Promise.resolve();
    }
    const busy = new Problem(503, 'Other long questions are being answered; ask again, or ask for less.', {
      retryAfterS: RETRY_AFTER_S,
    });
    if (this.#queue.length >= QUEUE_MAX) return Promise.reject(busy);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const place = this.#queue.indexOf(begin);
        if (place >= 0) this.#queue.splice(place, 1);
        clearTimeout(timer);
        reject(busy);
      };
      const timer = setTimeout(leave, this.#timeoutMs);
      const begin = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(begin);
    });
  }

  #release(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#longCount--;
    else next();
  }
}
