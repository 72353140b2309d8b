import type { StoreState } from '../metrics-store/metrics-reader.ts';
import { SharedAnswers } from './shared-answers.ts';

/** The state of the store that an answer rests on; the answer holds everything that was committed by `asOfMs`. */
export interface KnownState extends StoreState {
  readonly asOfMs: number;
}

export interface CurrentAnswer {
  readonly text: string;
  readonly state: KnownState;
}

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
 * Answers that are given again as long as nothing in the store has changed: until then they are what the store would say.
 *
 * Each question first reads the state of the store, after it was asked, so that it sees every commit before it; all who wait at the
 * same time share that reading. With the state of the last questions, the answers kept since still hold. With another one, all
 * are forgotten. Why an answer kept under state S may be given to who has read S later: its rows were read after S was read for the
 * first time and before S was read now, and in between nothing changed.
 *
 * Where the store cannot tell its state, equal questions that wait at the same time share an answer, and none is kept.
 */
export class CurrentAnswers {
  readonly #options: CurrentAnswersOptions;
  readonly #states = new SharedAnswers<KnownState>();
  readonly #unkept = new SharedAnswers<string>();
  #kept: KeptAnswers;

  constructor(options: CurrentAnswersOptions) {
    this.#options = options;
    this.#kept = this.#keepFor(null);
  }

  /** `key` stands for the question. */
  async ask(key: string, answer: () => Promise<string>): Promise<CurrentAnswer> {
    const state = await this.state();
    if (state.id === null) return { state, text: await this.#unkept.ask(key, answer) };
    if (state.id !== this.#kept.stateId) this.#kept = this.#keepFor(state.id);
    return { state, text: await this.#kept.ask(key, answer) };
  }

  /** As it is now or later. */
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

/** The answers under one state. The oldest make room for new ones. */
class KeptAnswers {
  readonly stateId: string | null;
  readonly #charactersMax: number;
  readonly #answers = new Map<string, Promise<string>>();
  readonly #sizes = new Map<string, number>();
  #size = 0;

  constructor(stateId: string | null, charactersMax: number) {
    this.stateId = stateId;
    this.#charactersMax = charactersMax;
  }

  ask(key: string, answer: () => Promise<string>): Promise<string> {
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const made = answer();
    this.#answers.set(key, made);
    made.then(
      (text) => this.#keep(key, text),
      () => this.#answers.delete(key),
    );
    return made;
  }

  #keep(key: string, { length }: string): void {
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
