import type { ReportPlace } from '../../../reports/open-trace.ts';

/** In place of when a span was first reported, where that lies before all that was read back. */
export const LONG_AGO_MS = 0;

interface Repetition {
  readonly place: number;
  readonly loggedAtMs: number;
  /** When its span was reported first. */
  readonly firstMs: number;
}

/**
 * Reports of spans that had been reported before, oldest first. A restart that reads back such a one, and not the first
 * one, must not take it for the first: an evaluation would then be near enough to it that was not before.
 */
export class RepeatedReports {
  #entries: Repetition[] = [];
  /** How many of the first are forgotten. */
  #forgotten = 0;

  get size(): number {
    return this.#entries.length - this.#forgotten;
  }

  add({ place, loggedAtMs }: ReportPlace, firstMs: number): void {
    this.#entries.push({ place, loggedAtMs, firstMs });
  }

  forgetBefore(loggedAtMs: number): void {
    let first = this.#entries[this.#forgotten];
    while (first !== undefined && first.loggedAtMs < loggedAtMs) first = this.#entries[++this.#forgotten];
    if (this.#forgotten * 2 <= this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#forgotten);
    this.#forgotten = 0;
  }

  /** Places of those that are read back from then on, while the first report of their span is not. */
  placesFrom(fromMs: number): number[] {
    const places: number[] = [];
    for (let at = this.#forgotten; at < this.#entries.length; at++) {
      const { place, loggedAtMs, firstMs } = this.#entries[at] as Repetition;
      if (loggedAtMs >= fromMs && firstMs < fromMs) places.push(place);
    }
    return places;
  }
}
