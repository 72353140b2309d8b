import { cutRange, type Steps, type Stretch, type TimeRange } from './steps.ts';
import type { TimeZone } from './time-zone.ts';
import { HOUR_MS, MINUTE_MS } from './window.ts';

/**
 * Steps that begin when local clocks show a multiple of `stepMs` since midnight: hours, parts of a day, days. On the
 * day the clocks change, a day has 23 or 25 hours, and an hour that clocks show twice is two steps.
 */
export function zonedSteps(zone: TimeZone, stepMs: number): Steps {
  return stepMs === HOUR_MS ? new LocalHours(zone) : new LocalParts(zone, stepMs);
}

/** One hour of local time each. */
class LocalHours implements Steps {
  readonly #zone: TimeZone;

  constructor(zone: TimeZone) {
    this.#zone = zone;
  }

  at(atMs: number): TimeRange {
    const offsetMs = this.#zone.offsetMs(atMs);
    const hourMs = Math.floor((atMs + offsetMs) / HOUR_MS) * HOUR_MS - offsetMs;
    const isWholeBefore = this.#zone.offsetMs(hourMs) === offsetMs;
    const isWholeAfter = this.#zone.offsetMs(hourMs + HOUR_MS - 1) === offsetMs;
    // Clocks that move by half an hour cut the hour in which they do.
    return {
      fromMs: isWholeBefore ? hourMs : this.#zone.transitionMs(hourMs, atMs),
      toMs: isWholeAfter ? hourMs + HOUR_MS : this.#zone.transitionMs(atMs, hourMs + HOUR_MS - 1),
    };
  }

  stretches(range: TimeRange, order: 'asc' | 'desc'): Iterable<Stretch> {
    const resolutionsMs = [HOUR_MS, 5 * MINUTE_MS] as const;
    const coarsestMs = resolutionsMs.find((resolutionMs) => this.#zone.isCutBy(resolutionMs, range)) ?? MINUTE_MS;
    return cutRange(range, coarsestMs, order);
  }
}

/** Local days, or equal parts of them by the clock. */
class LocalParts implements Steps {
  readonly #zone: TimeZone;
  readonly #stepMs: number;

  constructor(zone: TimeZone, stepMs: number) {
    this.#zone = zone;
    this.#stepMs = stepMs;
  }

  at(atMs: number): TimeRange {
    const localMs = Math.floor((atMs + this.#zone.offsetMs(atMs)) / this.#stepMs) * this.#stepMs;
    let [fromMs, toMs] = [this.#zone.instantOf(localMs), this.#zone.instantOf(localMs + this.#stepMs)];
    // Clocks that were set back over the boundary show the step before once more: it has ended all the same.
    if (atMs >= toMs) [fromMs, toMs] = [toMs, this.#zone.instantOf(localMs + 2 * this.#stepMs)];
    return { fromMs, toMs };
  }

  stretches(range: TimeRange, order: 'asc' | 'desc'): Iterable<Stretch> {
    return this.#zone.isCutBy(HOUR_MS, range) ? cutRange(range, HOUR_MS, order) : this.#stepByStep(range, order);
  }

  /** In zones with half hours the hour around each boundary is read by the minute. */
  *#stepByStep({ fromMs, toMs }: TimeRange, order: 'asc' | 'desc'): Iterable<Stretch> {
    for (let nextMs = order === 'asc' ? fromMs : toMs; order === 'asc' ? nextMs < toMs : nextMs > fromMs; ) {
      const step = this.at(order === 'asc' ? nextMs : nextMs - 1);
      const part = { fromMs: Math.max(step.fromMs, fromMs), toMs: Math.min(step.toMs, toMs) };
      yield* cutRange(part, HOUR_MS, order);
      nextMs = order === 'asc' ? part.toMs : part.fromMs;
    }
  }
}
