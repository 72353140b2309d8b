import { isInScope, type TenantScope } from '../../events/tenant-scope.ts';
import type { MetricFamily, MetricSource } from '../../exposition/metric-family.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { atMost } from '../../tracing/at-most.ts';
import { countedDays } from './counter-epoch.ts';
import { llmFamilies } from './llm-families.ts';
import { LlmSeries, type LlmSeriesOptions } from './llm-series.ts';
import { added, combine, type LlmTotals } from './llm-totals.ts';

export interface LlmMetricsOptions extends LlmSeriesOptions {
  readonly nowMs: () => number;
  /** Totals by tenant, route and model of a range of days. @throws when the store cannot be asked */
  readonly readTotals: (range: TimeRange, signal: AbortSignal) => Promise<readonly LlmTotals[]>;
}

/** Counts of calls since `fromMs`, as they were at `atMs`. */
export interface LlmReading {
  readonly fromMs: number;
  readonly atMs: number;
  readonly totals: readonly LlmTotals[];
}

/** Scrapes within it share a reading. */
const FRESH_MS = 2_000;
/** Days that are over change by late calls and corrections only. */
const CLOSED_FRESH_MS = 10 * 60_000;
/** So long a scrape waits for the store before it gets what was read last. */
const WAIT_MS_MAX = 3_000;
const READ_MS_MAX = 30_000;

/**
 * Metrics of models' calls by tenant, route and model. Read when somebody asks: where nobody scrapes, nothing is read.
 */
export class LlmMetrics {
  readonly #options: LlmMetricsOptions;
  readonly #series: LlmSeries;
  #reading: Promise<void> | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #fromMs = Number.NaN;
  #closed: { readonly range: TimeRange; readonly totals: Map<string, LlmTotals>; readonly atMs: number } | null = null;

  constructor(options: LlmMetricsOptions) {
    this.#options = options;
    this.#series = new LlmSeries(options);
  }

  /** What those may see who may see these tenants. */
  source(tenants: TenantScope): MetricSource {
    return {
      families: async () => {
        if (this.#options.seriesMax === 0) return [];
        await this.#refresh();
        const totals = [...this.#series.shown].filter(({ tenantId }) => isInScope(tenants, tenantId));
        return [...llmFamilies(totals), ...(tenants === null ? this.#aboutItself() : [])];
      },
    };
  }

  /** Everything, as it was read now or last; null where nothing was read yet. */
  async reading(): Promise<LlmReading | null> {
    await this.#refresh();
    if (!Number.isFinite(this.#readAtMs)) return null;
    return { fromMs: this.#fromMs, atMs: this.#readAtMs, totals: [...this.#series.shown] };
  }

  async #refresh(): Promise<void> {
    if (this.#options.nowMs() - this.#readAtMs < FRESH_MS) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    // A store that is away is told by the age of what is answered.
    await atMost(WAIT_MS_MAX, this.#reading);
  }

  async #read(): Promise<void> {
    const nowMs = this.#options.nowMs();
    const { closed, recent } = countedDays(nowMs);
    const totals = await this.#options.readTotals(recent, AbortSignal.timeout(READ_MS_MAX));
    const before = await this.#readClosed(closed, nowMs);
    const sums = totals.map((total) => {
      const known = before.get(keyOf(total));
      return known === undefined ? total : { ...total, counts: combine(known.counts, total.counts, added) };
    });
    if (this.#fromMs !== closed.fromMs) this.#series.restart();
    this.#fromMs = closed.fromMs;
    this.#series.update(sums, nowMs);
    this.#readAtMs = nowMs;
  }

  async #readClosed(range: TimeRange, nowMs: number): Promise<ReadonlyMap<string, LlmTotals>> {
    const known = this.#closed;
    const isSame = known?.range.fromMs === range.fromMs && known.range.toMs === range.toMs;
    if (known !== null && isSame && nowMs - known.atMs < CLOSED_FRESH_MS) return known.totals;
    const read =
      range.fromMs < range.toMs ? await this.#options.readTotals(range, AbortSignal.timeout(READ_MS_MAX)) : [];
    const totals = new Map(read.map((total) => [keyOf(total), total]));
    this.#closed = { range, totals, atMs: nowMs };
    return totals;
  }

  #aboutItself(): readonly MetricFamily[] {
    const gauge = (value: number) => [{ labels: {}, value }];
    return [
      {
        name: 'streamlens_llm_series',
        help: 'Series of tenant, route and model that are shown, at most PROMETHEUS_MAX_SERIES',
        type: 'gauge',
        series: gauge([...this.#series.shown].length),
      },
      {
        name: 'streamlens_llm_series_hidden',
        help: 'Series of tenant, route and model that grow and find no room',
        type: 'gauge',
        series: gauge(this.#series.hiddenCount),
      },
      {
        name: 'streamlens_llm_age_seconds',
        help: 'How long ago the metrics of calls were read from the store',
        type: 'gauge',
        series: gauge(Math.max(0, this.#options.nowMs() - this.#readAtMs) / 1000),
      },
    ];
  }
}

function keyOf({ tenantId, route, model }: LlmTotals): string {
  return `${tenantId}\0${route}\0${model}`;
}
