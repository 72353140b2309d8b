import type { StoreState } from '../metrics-store/metrics-reader.ts';
import { SharedAnswers } from './shared-answers.ts';

/** The state of the store that an answer rests on; the answer holds everything that was committed by `asOfMs`. */
export interface KnownState extends StoreState {
  readonly asOfMs: number;
}

export interface CurrentAnswer {
  /** Null where there is no such thing. */
  readonly text: string | null;
  readonly state: KnownState;
}

/** Finds an answer; `signal` is aborted when all who waited for it have gone. */
export type FindAnswer = (signal: AbortSignal) => Promise<string | null>;

export interface CurrentAnswersOptions {
  readonly readState: () => Promise<StoreState>;
  readonly nowMs: () => number;
  /** How much is kept, in characters. */
  readonly charactersMax?: number;
}

/** Two hundred answers of 60 rows; 8 MiB, or 16 with names that are not Latin. */
const CHARACTERS_MAX = 8 * 1024 * 1024;
/** An answer larger than this share of all is not worth the others. */
const SHARE_MAX = 1 / 8;

/**
 * Answers that are given again as long as nothing in the store has changed: until then they are what the store would
 * say.
 *
 * Each question first reads the state of the store, after it was asked, so that it sees every commit before it; all who
 * wait at the same time share that reading. With the state of the last questions, the answers kept since still hold.
 * With another one, all are forgotten. Why an answer kept under state S may be given to who has read S later: its rows
 * were read after S was read for the first time and before S was read now, and in between nothing changed.
 *
 * Where the store cannot tell its state, equal questions that wait at the same time share an answer, and none is kept.
 */
export class CurrentAnswers {
  readonly #options: CurrentAnswersOptions;
  readonly #states = new SharedAnswers<KnownState>();
  readonly #unkept = new SharedAnswers<string | null>();
  #kept: KeptAnswers;

  constructor(options: CurrentAnswersOptions) {
    this.#options = options;
    this.#kept = this.#keepFor(null);
  }

  /** `key` stands for the question; whoever asks it goes when `signal` is aborted. */
  async ask(key: string, find: FindAnswer, signal: AbortSignal = NEVER): Promise<CurrentAnswer> {
    const state = await this.state();
    if (state.id === null) return { state, text: await this.#unkept.ask(key, () => find(NEVER)) };
    if (state.id !== this.#kept.stateId) this.#kept = this.#keepFor(state.id);
    return { state, text: await this.#kept.ask(key, find, signal) };
  }

  /** Gives the state of the store as it is now, or a later one. */
  state(): Promise<KnownState> {
    const { readState, nowMs } = this.#options;
    return this.#states.ask('', async () => {
      const asOfMs = nowMs();
      return { asOfMs, ...(await readState()) };
    });
  }

  #keepFor(stateId: string | null): KeptAnswers {
    return new KeptAnswers(stateId, this.#options.charactersMax ?? CHARACTERS_MAX);
  }
}

const NEVER = new AbortController().signal;

interface KeptAnswer {
  readonly text: Promise<string | null>;
  readonly unwanted: AbortController;
  waitingCount: number;
}

/** The answers under one state. The oldest make room for new ones. */
class KeptAnswers {
  readonly stateId: string | null;
  readonly #charactersMax: number;
  readonly #answers = new Map<string, KeptAnswer>();
  readonly #sizes = new Map<string, number>();
  #size = 0;

  constructor(stateId: string | null, charactersMax: number) {
    this.stateId = stateId;
    this.#charactersMax = charactersMax;
  }

  ask(key: string, find: FindAnswer, signal: AbortSignal): Promise<string | null> {
    const answer = this.#answers.get(key) ?? this.#begin(key, find);
    answer.waitingCount++;
    if (!this.#sizes.has(key)) this.#leaveWith(signal, key, answer);
    return answer.text;
  }

  #begin(key: string, find: FindAnswer): KeptAnswer {
    const unwanted = new AbortController();
    const answer = { text: find(unwanted.signal), unwanted, waitingCount: 0 };
    this.#answers.set(key, answer);
    answer.text.then(
      (text) => this.#keep(key, answer, text ?? ''),
      () => this.#forget(key, answer),
    );
    return answer;
  }

  /** An answer for which nobody waits any more is given up, unless it is there already. */
  #leaveWith(signal: AbortSignal, key: string, answer: KeptAnswer): void {
    const leave = (): void => {
      answer.waitingCount--;
      if (answer.waitingCount > 0) return;
      this.#forget(key, answer);
      answer.unwanted.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
    const stay = (): void => signal.removeEventListener('abort', leave);
    answer.text.then(stay, stay);
  }

  #forget(key: string, answer: KeptAnswer): void {
    if (this.#answers.get(key) === answer) this.#answers.delete(key);
  }

  #keep(key: string, answer: KeptAnswer, { length }: string): void {
    if (this.#answers.get(key) !== answer) return;
    const size = length + key.length;
    if (size > this.#charactersMax * SHARE_MAX) {
      this.#answers.delete(key);
      return;
    }
    this.#sizes.set(key, size);
    this.#size += size;
    for (const [oldest, oldSize] of this.#sizes) {
      if (this.#size <= this.#charactersMax) break;
      this.#sizes.delete(oldest);
      this.#answers.delete(oldest);
      this.#size -= oldSize;
    }
  }
}
