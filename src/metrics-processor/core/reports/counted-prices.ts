import type { Price, PriceBook, PriceQuery, Rates } from '../../../prices/price-book.ts';
import { laneOf } from '../join/lane.ts';

/** An answer of a price book as a checkpoint keeps it, with the times of the calls that it was given for. */
interface Answer {
  readonly price: Pick<Price, 'rates' | 'bandFromTokens' | 'kind'> | null;
  fromMs: number;
  toMs: number;
}

/** Where in the log the prices of a book begin to hold. */
interface Since {
  readonly place: number;
  readonly loggedAtMs: number;
}

interface SavedPrices {
  readonly since: Since;
  readonly answers: readonly (readonly [subject: string, answers: readonly Answer[]])[];
}

/** Whoever uses more (provider, model, tier) has calls taken back at the prices of the day, once it was restarted. */
const SUBJECTS_MAX = 1000;
const BOOKS_MAX = 8;

/** The prices that calls were counted at: those of a book, and what is remembered of one that is gone. */
export class CountedBook implements PriceBook {
  readonly since: Since;
  readonly #book: PriceBook | null;
  readonly #answers: Map<string, Answer[]>;
  /** The answer that was noted last of a model, with who asked: nearly all that ask of one ask alike. */
  readonly #lastOfModel = new Map<string, { readonly query: PriceQuery; readonly answer: Answer }>();
  /** Whether it gave an answer that no checkpoint has. */
  hasNews = false;

  constructor(book: PriceBook | null, saved: SavedPrices) {
    this.#book = book;
    this.since = saved.since;
    this.#answers = new Map(saved.answers.map(([subject, answers]) => [subject, [...answers]]));
  }

  priceOf(query: PriceQuery): Price | null {
    if (this.#book === null) return this.#remembered(query);
    const price = this.#book.priceOf(query);
    this.#note(query, price);
    return price;
  }

  /** Whether it is the one of this book, which lives. */
  isOf(book: PriceBook): boolean {
    return this.#book === book;
  }

  /** Itself, but for what it does not remember. */
  or(book: PriceBook): PriceBook {
    if (this.#book !== null) return this;
    return { priceOf: (query) => (this.#answers.has(subjectOf(query)) ? this : book).priceOf(query) };
  }

  saved(): SavedPrices {
    this.hasNews = false;
    return { since: this.since, answers: [...this.#answers] };
  }

  #note(query: PriceQuery, price: Price | null): void {
    const { atMs } = query;
    const last = this.#lastOfModel.get(query.model);
    if (last !== undefined && isAbout(last.query, query) && isSame(last.answer.price, price)) {
      return widen(last.answer, atMs);
    }
    const subject = subjectOf(query);
    const answers = this.#answers.get(subject);
    const known = answers?.find((answer) => isSame(answer.price, price));
    if (known !== undefined) {
      this.#lastOfModel.set(query.model, { query, answer: known });
      return widen(known, atMs);
    }
    if (answers === undefined && this.#answers.size >= SUBJECTS_MAX) return;
    const kept = price === null ? null : { rates: price.rates, bandFromTokens: price.bandFromTokens, kind: price.kind };
    this.#answers.set(subject, [...(answers ?? []), { price: kept, fromMs: atMs, toMs: atMs }]);
    this.hasNews = true;
  }

  /** Prices hold for bands of prompts and for periods: the answer of the same band that was given nearest in time. */
  #remembered(query: PriceQuery): Price | null {
    const bandOf = ({ price }: Answer): number => price?.bandFromTokens ?? 0;
    const distanceMs = ({ fromMs, toMs }: Answer): number => Math.max(fromMs - query.atMs, query.atMs - toMs, 0);
    const [nearest] = (this.#answers.get(subjectOf(query)) ?? [])
      .filter((answer) => bandOf(answer) <= Math.max(0, query.promptTokens))
      .sort((a, b) => bandOf(b) - bandOf(a) || distanceMs(a) - distanceMs(b));
    return nearest?.price ? { ...nearest.price, source: '' } : null;
  }
}

/**
 * At which prices each open call was counted, so that a correction takes back exactly what was added: also when the
 * prices have changed since, and when the process was restarted in between, where the old ones are gone but for what
 * the checkpoint says. Each new answer of a price book is in the checkpoint of the commit that uses it.
 */
export class CountedPrices {
  #books: CountedBook[] = [];
  /** While the log is read back: which of the books holds so far. */
  #recalled: number | null = null;

  get hasNews(): boolean {
    return this.#books.some(({ hasNews }) => hasNews);
  }

  /** The prices of a book for what is counted from now on. */
  of(book: PriceBook, since: Since): CountedBook {
    const last = this.#books.at(-1);
    if (last?.isOf(book) === true) return last;
    const counted = new CountedBook(book, { since, answers: [] });
    this.#books = [...this.#books, counted].slice(-BOOKS_MAX);
    return counted;
  }

  /** The prices at which what is read back was counted; null where nobody knows. */
  get recalled(): CountedBook | null {
    return this.#books.at(this.#recalled ?? -1) ?? null;
  }

  /** Whether from this report on other prices held. */
  changesAt({ place, loggedAtMs }: Since): boolean {
    const next = this.#recalled === null ? undefined : this.#books[this.#recalled + 1]?.since;
    if (next === undefined) return false;
    return laneOf(place) === laneOf(next.place) ? place >= next.place : loggedAtMs >= next.loggedAtMs;
  }

  change(): void {
    this.#recalled = (this.#recalled ?? 0) + 1;
  }

  /** @param fromMs prices that others followed before this log time are not needed any more */
  save(fromMs: number): string {
    this.#books = this.#books.filter((_, index) => (this.#books[index + 1]?.since.loggedAtMs ?? fromMs) >= fromMs);
    return this.#books.length === 0 ? '' : JSON.stringify(this.#books.map((book) => book.saved()));
  }

  restore(text: string): void {
    const saved = text === '' ? [] : (JSON.parse(text) as readonly SavedPrices[]);
    this.#books = saved.map((each) => new CountedBook(null, each));
    this.#recalled = 0;
  }

  /** What is read back after the last checkpoint was counted at the last prices, for others would be in it. */
  finishRecall(): void {
    this.#recalled = null;
  }
}

function isAbout(a: PriceQuery, b: PriceQuery): boolean {
  return a.provider === b.provider && a.model === b.model && a.serviceTier === b.serviceTier;
}

function widen(answer: Answer, atMs: number): void {
  answer.fromMs = Math.min(answer.fromMs, atMs);
  answer.toMs = Math.max(answer.toMs, atMs);
}

function subjectOf({ provider, model, serviceTier }: Pick<PriceQuery, 'provider' | 'model' | 'serviceTier'>): string {
  return `${provider}\0${model}\0${serviceTier}`;
}

function isSame(known: Answer['price'], price: Price | null): boolean {
  if (known === null || price === null) return known === price;
  if (known.rates === price.rates && known.bandFromTokens === price.bandFromTokens) return known.kind === price.kind;
  const isEqual = (Object.keys(known.rates) as (keyof Rates)[]).every(
    (part) => known.rates[part] === price.rates[part],
  );
  return isEqual && known.bandFromTokens === price.bandFromTokens && known.kind === price.kind;
}
