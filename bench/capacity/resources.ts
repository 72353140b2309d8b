import type { EventQueue } from './event-queue.ts';

/** So many servers, first come first served: the cores of a database. */
export class Cores {
  readonly #queue: EventQueue;
  readonly #waiting: { readonly ms: number; readonly done: () => void }[] = [];
  #free: number;
  #head = 0;
  busyMs = 0;

  constructor(queue: EventQueue, count: number) {
    this.#queue = queue;
    this.#free = count;
  }

  work(ms: number, done: () => void): void {
    this.#waiting.push({ ms, done });
    this.#serve();
  }

  #serve(): void {
    while (this.#free > 0 && this.#head < this.#waiting.length) {
      const job = this.#waiting[this.#head++];
      if (job === undefined) return;
      if (this.#head > 1000) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      this.#free--;
      this.busyMs += job.ms;
      this.#queue.after(job.ms, () => {
        this.#free++;
        job.done();
        this.#serve();
      });
    }
  }
}

/** A lock that its holders take in the order in which they asked for it. */
export class Lock {
  readonly #waiting: (() => void)[] = [];
  #isHeld = false;

  take(taken: () => void): void {
    if (this.#isHeld) {
      this.#waiting.push(taken);
      return;
    }
    this.#isHeld = true;
    taken();
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isHeld = false;
    else next();
  }
}

/** The write-ahead log: whoever asks while one flush is under way shares the next. */
export class GroupFlush {
  readonly #queue: EventQueue;
  readonly #flushMs: number;
  #waiting: (() => void)[] = [];
  #isBusy = false;

  constructor(queue: EventQueue, flushMs: number) {
    this.#queue = queue;
    this.#flushMs = flushMs;
  }

  flush(done: () => void): void {
    this.#waiting.push(done);
    this.#next();
  }

  #next(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    const group = this.#waiting;
    this.#waiting = [];
    this.#queue.after(this.#flushMs, () => {
      this.#isBusy = false;
      for (const done of group) done();
      this.#next();
    });
  }
}
