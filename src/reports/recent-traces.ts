import type { OpenTrace } from './open-trace.ts';

/** Traces in the order in which they were used last. */
export class RecentTraces {
  /** With as many reports as each had then. */
  readonly #traces = new Map<OpenTrace, number>();
  #reportCount = 0;

  use(trace: OpenTrace): void {
    this.leave(trace);
    this.#reportCount += trace.reports.length;
    this.#traces.set(trace, trace.reports.length);
  }

  leave(trace: OpenTrace): void {
    const count = this.#traces.get(trace);
    if (count === undefined) return;
    this.#reportCount -= count;
    this.#traces.delete(trace);
  }

  /** Takes out those that were used longest ago, while there are more reports than that. */
  *beyond(reportsMax: number): Iterable<OpenTrace> {
    for (const trace of this.#traces.keys()) {
      if (this.#reportCount <= reportsMax) return;
      this.leave(trace);
      yield trace;
    }
  }
}
