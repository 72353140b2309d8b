import type { EventLog, NewRecord } from '../event-log/event-log.ts';
import { StorageError } from '../storage/storage-error.ts';

export interface AppendQueueOptions {
  /** Values and keys that may wait or be under way; beyond it `add` refuses. */
  readonly queueBytesMax: number;
  /** One append takes at most about this much. */
  readonly appendBytesMax: number;
  /** Appends under way at once: 1 for a log that takes them one after the other anyhow. */
  readonly appendsInFlightMax: number;
  /** After this the caller is told that nothing is known; the append itself may still succeed. */
  readonly appendTimeoutMs: number;
  /** The machine's clock and timers unless given; simulations bring their own. */
  readonly timing?: AppendTiming;
}

export interface AppendTiming {
  /** A clock for durations, in ms from any origin. */
  nowMs(): number;
  /** Runs `action` after the current turn of the event loop. */
  soon(action: () => void): void;
  /** Runs `action` after `ms`, unless the returned function is called before. */
  after(ms: number, action: () => void): () => void;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What the queue tells about itself. */
export interface AppendQueueEvents {
  appended(fact: { readonly records: number; readonly bytes: number; readonly tookMs: number }): void;
  failed(error: StorageError): void;
}

/**
 * Groups what arrives at about the same time into one durable append, and answers each sender when its part is
 * durable. While one append is under way the next gathers, so there is no timer to tune: an idle queue appends at
 * once, a busy one in large groups.
 */
export class AppendQueue {
  readonly #log: EventLog;
  readonly #options: AppendQueueOptions;
  readonly #events: AppendQueueEvents;
  readonly #timing: AppendTiming;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #bytes = 0;
  #onIdle: (() => void)[] = [];

  constructor(log: EventLog, options: AppendQueueOptions, events: AppendQueueEvents) {
    this.#log = log;
    this.#options = options;
    this.#events = events;
    this.#timing = options.timing ?? MACHINE_TIMING;
  }

  /** Bytes that wait or are under way. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Resolves once all records are durable. They are appended together, in order.
   *
   * @throws {StorageError} `full` when the queue is; else what the log says, or `unavailable` after the timeout
   */
  add(records: readonly NewRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const bytes = records.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    // One oversized batch is let through when nothing else waits: it was bounded where it was read.
    if (this.#bytes > 0 && this.#bytes + bytes > this.#options.queueBytesMax) {
      return Promise.reject(new StorageError('full', 'The queue of events that wait for the log is full'));
    }
    this.#bytes += bytes;
    const added = new Promise<void>((resolve, reject) => this.#waiting.push({ records, bytes, resolve, reject }));
    // After the current turn of the event loop, so that requests that arrived together go together.
    if (this.#waiting.length === 1) this.#timing.soon(() => this.#flush());
    return added;
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#bytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.#options.appendsInFlightMax) {
      const group = this.#takeGroup();
      this.#inFlight++;
      void this.#append(group).finally(() => {
        this.#inFlight--;
        for (const { bytes } of group) this.#bytes -= bytes;
        this.#flush();
        if (this.#bytes === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
      });
    }
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < this.#options.appendBytesMax)) {
      bytes += (this.#waiting[count++] as Waiting).bytes;
    }
    return this.#waiting.splice(0, count);
  }

  async #append(group: readonly Waiting[]): Promise<void> {
    const records = group.flatMap((waiting) => waiting.records);
    const startedMs = this.#timing.nowMs();
    try {
      await this.#withinTimeout(this.#log.append(records));
      for (const { resolve } of group) resolve();
      const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0);
      this.#events.appended({ records: records.length, bytes, tookMs: this.#timing.nowMs() - startedMs });
    } catch (cause) {
      const error =
        cause instanceof StorageError ? cause : new StorageError('unavailable', 'The event log failed', { cause });
      for (const { reject } of group) reject(error);
      this.#events.failed(error);
    }
  }

  async #withinTimeout(append: Promise<void>): Promise<void> {
    const { appendTimeoutMs } = this.#options;
    let cancel = (): void => {};
    const timeout = new Promise<never>((_, reject) => {
      const message = `The event log gave no answer within ${appendTimeoutMs} ms`;
      cancel = this.#timing.after(appendTimeoutMs, () => reject(new StorageError('unavailable', message)));
    });
    // An append that fails after its timeout was already answered for.
    append.catch(() => undefined);
    await Promise.race([append, timeout]).finally(() => cancel());
  }
}

const MACHINE_TIMING: AppendTiming = {
  nowMs: () => performance.now(),
  soon: (action) => void setImmediate(action),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
