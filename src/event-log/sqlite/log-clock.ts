import { CheckedClock, type ClockSource } from '../../clock/checked-clock.ts';

/** Memory that the clocks of all threads of a process share: one part for `LogClock`, one for its `CheckedClock`. */
export interface SharedLogClock {
  readonly log: SharedArrayBuffer;
  readonly checked: SharedArrayBuffer;
}

/**
 * Agrees between the thread that appends and the threads that read on the time of the log, and on which instants lie
 * safely in the past.
 *
 * A reader that finds the log's end wants to say "nothing will be stamped before T" (`sealedThroughMs`). Without
 * this agreement an append could have taken its stamp before T and commit after the reader looked:
 *
 *     reader                            appender
 *     publishes T as sealed             marks itself as stamping
 *     sees whether anyone is stamping   takes a stamp at or after every published T
 *     reads the log                     commits, takes the mark away
 *
 * If the reader saw no mark, an appender that marks later sees the published T. If it saw one, it may seal only up
 * to that stamp. Atomics on shared memory keep the order. It also wakes readers up after an append.
 *
 * Time is that of `CheckedClock`, so that a jump of the machine's clock is no jump of the log. Where the log is ahead
 * of it all the same (it was written under a wrong clock), log time goes on at half the pace: it may not fall, must not
 * stand still, or nothing that waits would ever be given up, and must be caught up with.
 */
export class LogClock {
  readonly shared: SharedLogClock;
  readonly #times: BigInt64Array;
  readonly #appends: Int32Array;
  readonly #checked: CheckedClock;

  constructor(shared?: SharedLogClock, source?: ClockSource) {
    this.#checked = new CheckedClock(shared?.checked, source);
    this.shared = shared ?? { log: new SharedArrayBuffer(32), checked: this.#checked.shared };
    this.#times = new BigInt64Array(this.shared.log, 0, 3);
    this.#appends = new Int32Array(this.shared.log, 24, 1);
  }

  /** The time for the next append, never before `lastMs`, the stamp of the last one. Call `endAppend` afterwards. */
  beginAppend(lastMs: number): number {
    Atomics.store(this.#times, STAMPING, UNKNOWN_STAMP);
    const stampMs = this.#advance(lastMs);
    Atomics.store(this.#times, STAMPING, BigInt(stampMs));
    return stampMs;
  }

  endAppend(): void {
    Atomics.store(this.#times, STAMPING, 0n);
    this.wakeReaders();
  }

  wakeReaders(): void {
    Atomics.add(this.#appends, 0, 1);
    Atomics.notify(this.#appends, 0);
  }

  /** How often something was appended: read it before looking for records, hand it to `waitForAppend` afterwards. */
  get appendCount(): number {
    return Atomics.load(this.#appends, 0);
  }

  /** Call before reading. The instant that a read which then finds the end of the log may seal; null for none. */
  beginRead(): number | null {
    this.#advance(0);
    const stamping = Atomics.load(this.#times, STAMPING);
    if (stamping === UNKNOWN_STAMP) return null;
    const sealedMs = Number(Atomics.load(this.#times, SEALED));
    return stamping === 0n ? sealedMs : Math.min(sealedMs, Number(stamping));
  }

  /** From now on nothing is stamped before this instant: the last stamp of a log that was opened. */
  raiseTo(atMs: number): void {
    this.#advance(atMs);
  }

  /** How far log time is ahead of the time that is believed, which it then catches up with. */
  aheadMs(): number {
    return Math.max(0, this.#advance(0) - this.#checked.nowMs());
  }

  /** See `CheckedClock`. */
  jumpMs(): number {
    return this.#checked.jumpMs();
  }

  /** See `CheckedClock`. */
  elapsedMs(): number {
    return this.#checked.elapsedMs();
  }

  /** The time that is believed. */
  nowMs(): number {
    return this.#checked.nowMs();
  }

  /** Resolves after the next append, or after `waitMs`. */
  async waitForAppend(seenCount: number, waitMs: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#appends, 0, seenCount, waitMs);
    if (!waiting.async) return;
    // A pending `waitAsync` does not keep the process alive; a timer does.
    const alive = setTimeout(() => undefined, waitMs);
    await waiting.value;
    clearTimeout(alive);
  }

  /** Log time now, published so that no later stamp lies before it. */
  #advance(leastMs: number): number {
    for (;;) {
      const published = Atomics.load(this.#times, SEALED);
      const floorMs = Math.max(Number(published), leastMs);
      const nowMs = this.#checked.nowMs();
      const nextMs = nowMs >= floorMs ? nowMs : floorMs + this.#halfOfElapsed();
      if (nextMs <= Number(published)) return Number(published);
      if (Atomics.compareExchange(this.#times, SEALED, published, BigInt(nextMs)) !== published) continue;
      if (nowMs < floorMs) Atomics.store(this.#times, ADVANCED_AT, BigInt(Math.round(this.#checked.elapsedMs())));
      else if (Atomics.load(this.#times, ADVANCED_AT) !== 0n) Atomics.store(this.#times, ADVANCED_AT, 0n);
      return nextMs;
    }
  }

  /** Half of the time that has passed since the log, being ahead, went on last. */
  #halfOfElapsed(): number {
    const advancedAt = Number(Atomics.load(this.#times, ADVANCED_AT));
    const elapsedMs = Math.round(this.#checked.elapsedMs());
    if (advancedAt > 0) return Math.max(0, Math.floor((elapsedMs - advancedAt) / 2));
    Atomics.store(this.#times, ADVANCED_AT, BigInt(elapsedMs));
    return 0;
  }
}

const SEALED = 0;
const STAMPING = 1;
/** While the log is ahead: when it went on last, in elapsed time. */
const ADVANCED_AT = 2;
const UNKNOWN_STAMP = 1n;
