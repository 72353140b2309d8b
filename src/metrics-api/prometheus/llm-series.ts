import { combine, type LlmCounts, type LlmTotals, larger } from './llm-totals.ts';

export interface ShownSeries extends LlmTotals {
  /** When it was seen to grow the last time. */
  readonly grewAtMs: number;
}

export interface LlmSeriesOptions {
  readonly seriesMax: number;
  /** What has not grown for so long makes room. */
  readonly idleMsMax: number;
}

/**
 * Which series are shown, and with which counts: at most `seriesMax`. One that is shown stays until it is idle, so that
 * none comes and goes with the rank of its traffic. Counts never fall: what a correction takes back is waited for until
 * new calls have made up for it.
 */
export class LlmSeries {
  readonly #options: LlmSeriesOptions;
  #shown = new Map<string, ShownSeries>();
  #hiddenCount = 0;
  /** What was there the last time: a series that is idle comes back when it has grown since. */
  #calls = new Map<string, number>();

  constructor(options: LlmSeriesOptions) {
    this.#options = options;
  }

  get shown(): Iterable<ShownSeries> {
    return this.#shown.values();
  }

  /** Those that grow and found no room. */
  get hiddenCount(): number {
    return this.#hiddenCount;
  }

  /** Counts begin anew. */
  restart(): void {
    this.#shown.clear();
    this.#calls.clear();
  }

  update(totals: readonly LlmTotals[], nowMs: number): void {
    const { seriesMax, idleMsMax } = this.#options;
    const shown = new Map<string, ShownSeries>();
    const calls = new Map<string, number>();
    const others: [string, LlmTotals][] = [];
    for (const total of totals) {
      const key = `${total.tenantId}\0${total.route}\0${total.model}`;
      const activity = total.counts.calls + total.counts.completed;
      const hasGrown = activity > (this.#calls.get(key) ?? -1);
      calls.set(key, activity);
      const known = this.#shown.get(key);
      if (known !== undefined) {
        const raised = raise(known, total, nowMs);
        if (nowMs - raised.grewAtMs <= idleMsMax) shown.set(key, raised);
      } else if (hasGrown) others.push([key, total]);
    }
    // The busiest first; equal ones by name, so that every process chooses alike.
    others.sort(([a, { counts }], [b, { counts: than }]) => than.calls - counts.calls || (a < b ? -1 : 1));
    const room = Math.max(0, seriesMax - shown.size);
    for (const [key, total] of others.slice(0, room)) shown.set(key, { ...total, grewAtMs: nowMs });
    // They are looked at again as long as they have no room.
    for (const [key] of others.slice(room)) calls.delete(key);
    this.#hiddenCount = Math.max(0, others.length - room);
    this.#shown = shown;
    this.#calls = calls;
  }
}

function raise(known: ShownSeries, total: LlmTotals, nowMs: number): ShownSeries {
  const hasGrown = activityOf(total.counts) > activityOf(known.counts);
  const counts = combine(known.counts, total.counts, larger);
  return { ...total, counts, grewAtMs: hasGrown ? nowMs : known.grewAtMs };
}

function activityOf({ calls, completed, unanswered }: LlmCounts): number {
  return calls + completed + unanswered;
}
