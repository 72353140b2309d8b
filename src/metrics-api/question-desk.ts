import { Problem } from '../http/problem.ts';
import type { ExportPage } from './export/export-query.ts';
import { isLongQuestion } from './question-size.ts';
import type { Answerer, Errand, ExportRequest, QuestionKind, Questions } from './questions.ts';

/** So many long questions are answered at a time: a reader is always free for the short ones. */
const LONG_MAX = 3;
/**
 * A question that looks short may read so many rows, some 50 ms of a reader; one that would read more is asked again as
 * a long one. So no form of question needs to be foreseen, and one tenant's thousands of series hold up nobody.
 */
const SHORT_ROWS_MAX = 10_000;
/** So many wait for their turn. */
const QUEUE_MAX = 200;
const RETRY_AFTER_S = 2;

const NARROW =
  'Narrow it: a shorter range, a longer step, fewer groups, a filter by route or model, or a smaller limit.';

type DeskErrand = Required<Omit<Errand, 'onPart'>>;

export interface QuestionLimits {
  readonly timeoutMs: number;
  readonly rowsMax: number;
}

/**
 * Lets no question stop another: long ones take turns, each may read so many rows for so long, and one for which nobody
 * waits any more ends.
 */
export class QuestionDesk {
  readonly #answerer: Answerer;
  readonly #timeoutMs: number;
  readonly #rowsMax: number;
  readonly #queue: (() => void)[] = [];
  #longCount = 0;

  constructor(answerer: Answerer, { timeoutMs, rowsMax }: QuestionLimits) {
    this.#answerer = answerer;
    this.#timeoutMs = timeoutMs;
    this.#rowsMax = rowsMax;
  }

  /**
   * `onPart` is told of a long answer's rows as they are found.
   *
   * @throws {Problem} 422 when it reads too much or takes too long, 503 when it does not come to its turn in time
   */
  async answer<K extends QuestionKind>(
    kind: K,
    question: Questions[K],
    signal: AbortSignal,
    onPart?: (text: string) => void,
  ): Promise<string | null> {
    const ask = (errand: DeskErrand) => {
      const isInParts = errand.isLong && onPart !== undefined;
      return this.#answerer.answer(kind, question, isInParts ? { ...errand, onPart } : errand);
    };
    if (!isLongQuestion(kind, question)) {
      const rowsMax = Math.min(SHORT_ROWS_MAX, this.#rowsMax);
      try {
        return await this.#ask(ask, { signal, isLong: false, rowsMax });
      } catch (error) {
        if (!isTooMuch(error)) throw error;
      }
    }
    return this.#askLong(ask, signal);
  }

  /** A page at a time, so that other long questions come between. @throws {Problem} as `answer` */
  exportPage(request: ExportRequest, signal: AbortSignal): Promise<ExportPage> {
    return this.#askLong((errand) => this.#answerer.exportPage(request, errand), signal);
  }

  async #askLong<T>(ask: (errand: DeskErrand) => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await this.#ask(ask, { signal, isLong: true, rowsMax: this.#rowsMax });
    } catch (error) {
      throw isTooMuch(error) ? new Problem(422, `${error.message} ${NARROW}`) : error;
    }
  }

  async #ask<T>(ask: (errand: DeskErrand) => Promise<T>, { signal, ...errand }: DeskErrand): Promise<T> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    signal.addEventListener('abort', end, { once: true });
    const answer = ask({ ...errand, signal: ended.signal });
    // The turn is over when the store has stopped, not when the client has been told.
    const release = (): void => {
      signal.removeEventListener('abort', end);
      if (errand.isLong) this.#release();
    };
    answer.then(release, release);
    return this.#inTime(answer, ended);
  }

  async #inTime<T>(answer: Promise<T>, ended: AbortController): Promise<T> {
    const seconds = Math.round(this.#timeoutMs / 100) / 10;
    const late = new Problem(422, `The question took longer than ${seconds} s. ${NARROW}`);
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
        signal.removeEventListener('abort', leave);
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

/** By its name, as an error of another thread is of no class. */
function isTooMuch(error: unknown): error is Error {
  return error instanceof Error && error.name === 'TooMuchToRead';
}
