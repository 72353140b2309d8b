/**
 * Agrees between the thread that appends and the threads that read on which instants lie safely in the past.
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
 */
export class LogClock {
  readonly shared: SharedArrayBuffer;
  readonly #times: BigInt64Array;
  readonly #appends: Int32Array;

  constructor(shared = new SharedArrayBuffer(24)) {
    this.shared = shared;
    this.#times = new BigInt64Array(shared, 0, 2);
    this.#appends = new Int32Array(shared, 16, 1);
  }

  /** The time for the next append, never before `lastMs`, the stamp of the last one. Call `appended` afterwards. */
  beginAppend(nowMs: number, lastMs: number): number {
    Atomics.store(this.#times, STAMPING, UNKNOWN_STAMP);
    const sealedMs = Number(Atomics.load(this.#times, SEALED));
    const stampMs = Math.max(nowMs, lastMs, sealedMs);
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
  beginRead(nowMs: number): number | null {
    const published = Atomics.load(this.#times, SEALED);
    if (BigInt(nowMs) > published) Atomics.compareExchange(this.#times, SEALED, published, BigInt(nowMs));
    const stamping = Atomics.load(this.#times, STAMPING);
    if (stamping === UNKNOWN_STAMP) return null;
    const sealedMs = Number(Atomics.load(this.#times, SEALED));
    return stamping === 0n ? sealedMs : Math.min(sealedMs, Number(stamping));
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
}

const SEALED = 0;
const STAMPING = 1;
const UNKNOWN_STAMP = 1n;
