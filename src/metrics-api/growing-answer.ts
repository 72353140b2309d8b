import { Readable } from 'node:stream';

/** So many characters are gathered before an answer is sent part by part: what is smaller is kept for who asks next. */
const GATHERED_MAX = 1024 * 1024;

/** Why an answer is not given to others who wait for the same: it is on its way already. */
export class TooLargeToShare extends Error {
  constructor() {
    super('The answer is sent while it is found');
    this.name = 'TooLargeToShare';
  }
}

/** Finds the fields of an answer, as parts and what comes behind them. */
export type FindParts = (signal: AbortSignal, onPart: (text: string) => void) => Promise<string | null>;

/**
 * The fields of an answer as they are found: whole where it is small, else a stream, so that of a large one no more is
 * held than its reader is behind. What goes wrong before the stream begins is answered as ever; later the stream ends
 * with an error, and the answer is no JSON.
 */
export class GrowingAnswer {
  readonly #last: string;
  readonly #outgrown = Promise.withResolvers<never>();
  readonly #gone = new AbortController();
  #gathered = '';
  #stream: Readable | null = null;

  /** @param last the last fields of a streamed answer */
  constructor(last: string) {
    this.#last = last;
  }

  /** Null until it has begun. */
  get stream(): Readable | null {
    return this.#stream;
  }

  /** The fields. @throws {TooLargeToShare} when the stream has begun */
  async find(find: FindParts, signal: AbortSignal): Promise<string | null> {
    const rest = find(AbortSignal.any([signal, this.#gone.signal]), (part) => this.#add(part));
    rest.then(
      (text) => this.#end(text ?? ''),
      (error: Error) => this.#stream?.destroy(error),
    );
    const text = await Promise.race([rest, this.#outgrown.promise]);
    return text === null ? null : this.#gathered + text;
  }

  #add(part: string): void {
    if (this.#stream !== null) {
      this.#stream.push(part);
      return;
    }
    this.#gathered += part;
    if (this.#gathered.length <= GATHERED_MAX) return;
    const gone = (): void => this.#gone.abort();
    this.#stream = new Readable({
      read: () => undefined,
      destroy: (error, done) => {
        gone();
        done(error);
      },
    });
    this.#stream.push(`{${this.#gathered}`);
    this.#gathered = '';
    this.#outgrown.reject(new TooLargeToShare());
  }

  #end(rest: string): void {
    this.#stream?.push(`${rest},${this.#last}}`);
    this.#stream?.push(null);
  }
}
