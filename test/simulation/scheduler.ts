import type { Random } from './random.ts';

interface Entry {
  readonly atMs: number;
  readonly tieBreak: number;
  readonly action: () => void;
  isCancelled: boolean;
}

/**
 * Virtual time. Whoever waits is an entry in a heap; the clock jumps from one to the next. Between two of them
 * every promise that can go on does, so what happens is a function of the entries' order, and that of the seed: entries of one
 * instant run in an order that the seed draws.
 */
export class Scheduler {
  nowMs = 0;
  readonly #random: Random;
  readonly #heap: Entry[] = [];
  /** Of who sleeps and listens meanwhile: how to stop listening. */
  readonly #listening = new Set<() => void>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Runs `action` after `delayMs`. @returns how to cancel it */
  after(delayMs: number, action: () => void): () => void {
    const entry: Entry = {
      atMs: this.nowMs + Math.max(0, delayMs),
      tieBreak: this.#random.fraction(),
      action,
      isCancelled: false,
    };
    this.#push(entry);
    return () => {
      entry.isCancelled = true;
    };
  }

  /** Resolves after `ms`, or as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        stopListening();
        resolve();
      };
      const cancel = this.after(ms, done);
      const stopListening = (): void => {
        signal?.removeEventListener('abort', done);
        this.#listening.delete(stopListening);
      };
      if (signal === undefined) return;
      signal.addEventListener('abort', done, { once: true });
      this.#listening.add(stopListening);
    });
  }

  /** Nobody wakes up any more. A composite signal that is listened to would keep its whole world alive: Node holds it. */
  end(): void {
    for (const stopListening of this.#listening) stopListening();
  }

  /** Lets everything happen that is due by then. */
  async runUntil(untilMs: number): Promise<void> {
    await settled();
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.isCancelled) continue;
      this.nowMs = next.atMs;
      next.action();
      await settled();
    }
    this.nowMs = untilMs;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tieBreak < b.tieBreak);
}

/** Everything that promises can do now is done when a turn of the event loop has passed: nothing here does I/O. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
