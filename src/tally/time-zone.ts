import { DAY_MS, HOUR_MS, MINUTE_MS } from './window.ts';

/** An instant from which on the clocks of a zone show another offset. */
interface Transition {
  readonly atMs: number;
  readonly offsetMs: number;
}

/** What is asked for at a time: two transitions closer than a probe apart would be taken for one or none. */
const CHUNK_MS = 64 * DAY_MS;
const PROBE_MS = 8 * DAY_MS;

/**
 * The clocks of one IANA zone. `Intl` tells an offset in 3 µs, which is too slow for each hour of a year, so that the
 * offsets of 64 days are found with 9 looks and kept.
 */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #chunks = new Map<number, readonly Transition[]>();

  /** @throws {RangeError} when there is no such zone */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /** What local clocks are ahead of UTC, in whole minutes. */
  offsetMs(atMs: number): number {
    return this.#transitionsOf(atMs).findLast((each) => each.atMs <= atMs)?.offsetMs ?? 0;
  }

  /** Whether every offset of the range is a multiple of `unitMs`, and every instant at which it changes. */
  isCutBy(unitMs: number, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): boolean {
    const isOdd = ({ atMs, offsetMs }: Transition): boolean => offsetMs % unitMs !== 0 || atMs % unitMs !== 0;
    for (let atMs = fromMs; atMs < toMs + CHUNK_MS; atMs += CHUNK_MS) {
      if (this.#transitionsOf(Math.min(atMs, toMs)).some(isOdd)) return false;
    }
    return true;
  }

  /** The instant in `(fromMs, toMs]` at which the offset changes to that of `toMs`; both differ. */
  transitionMs(fromMs: number, toMs: number): number {
    return this.#transitionsOf(toMs).findLast((each) => each.atMs <= toMs && each.atMs > fromMs)?.atMs ?? toMs;
  }

  /**
   * The first instant at which local clocks show `localMs` or later; `localMs` counts from the epoch as if local time
   * were UTC. What clocks skip begins where they jump; what they show twice begins the first time.
   */
  instantOf(localMs: number): number {
    const beforeMs = this.offsetMs(localMs - DAY_MS);
    const afterMs = this.offsetMs(localMs + DAY_MS);
    const [earlier, later] = [localMs - Math.max(beforeMs, afterMs), localMs - Math.min(beforeMs, afterMs)];
    for (const atMs of [earlier, later]) if (atMs + this.offsetMs(atMs) === localMs) return atMs;
    return this.transitionMs(earlier - 1, later);
  }

  /** The offset at the beginning of the 64 days that hold the instant, then each change in them. */
  #transitionsOf(atMs: number): readonly Transition[] {
    const chunk = Math.floor(atMs / CHUNK_MS);
    let transitions = this.#chunks.get(chunk);
    if (transitions === undefined) {
      transitions = this.#find(chunk * CHUNK_MS);
      this.#chunks.set(chunk, transitions);
    }
    return transitions;
  }

  #find(startMs: number): readonly Transition[] {
    const found: Transition[] = [{ atMs: startMs, offsetMs: this.#look(startMs) }];
    for (let atMs = startMs; atMs < startMs + CHUNK_MS; atMs += PROBE_MS) {
      let [beforeMs, fromMs] = [found.at(-1)?.offsetMs ?? 0, atMs];
      // The last minute still belongs to this chunk: a change at the next one's beginning is its first entry.
      const toMs = Math.min(atMs + PROBE_MS, startMs + CHUNK_MS - MINUTE_MS);
      const offsetMs = this.#look(toMs);
      if (offsetMs === beforeMs) continue;
      let changedMs = toMs;
      while (changedMs - fromMs > MINUTE_MS) {
        const middleMs = Math.floor((fromMs + changedMs) / 2 / MINUTE_MS) * MINUTE_MS;
        if (this.#look(middleMs) === beforeMs) fromMs = middleMs;
        else changedMs = middleMs;
      }
      found.push({ atMs: changedMs, offsetMs });
    }
    return found;
  }

  #look(atMs: number): number {
    const [, sign, hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(this.#format.format(atMs)) ?? [];
    const offsetMs = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
    return sign === '-' ? -offsetMs : offsetMs;
  }
}
