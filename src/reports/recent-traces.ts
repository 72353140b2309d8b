import { Chain } from './chain.ts';
import type { OpenTrace } from './open-trace.ts';

/** Traces in the order in which they were used last. */
export class RecentTraces {
  readonly #traces = new Chain<OpenTrace>();
  #reportCount = 0;

  use(trace: OpenTrace): void {
    this.leave(trace);
    trace.recent = { among: this, reportCount: trace.reports.length };
    this.#reportCount += trace.reports.length;
    this.#traces.append(trace);
  }

  leave(trace: OpenTrace): void {
    const { recent } = trace;
    if (recent?.among !== this) return;
    this.#reportCount -= recent.reportCount;
    this.#traces.remove(trace);
    trace.recent = null;
  }

  /** Takes out those that were used longest ago, while there are more reports than that. */
  *beyond(reportsMax: number): Iterable<OpenTrace> {
    for (let trace = this.#traces.first; trace !== null && this.#reportCount > reportsMax; trace = this.#traces.first) {
      this.leave(trace);
      yield trace;
    }
  }
}
