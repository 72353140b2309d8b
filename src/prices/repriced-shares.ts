import { type RepricedSums, RepricedTotal } from '../metrics-store/billed-columns.ts';
import type { Call } from '../metrics-store/call.ts';
import type { CallCorrection, CostCorrection, RepricedShare } from '../metrics-store/metrics-store.ts';
import type { Series } from '../tally/series.ts';
import { MINUTE_MS, windowStartMs } from '../tally/window.ts';

/** By what calls are summed beside their series. */
export interface CallDimensions {
  readonly names: readonly string[];
  /** A call's value in each. */
  readonly valuesOf: (call: Call) => readonly string[];
}

/** Shares of a page that are held: beyond it those of further minutes are not, whose changes then are nobody's. */
const SHARES_MAX = 500_000;

type Share = Omit<RepricedShare, 'change'> & { readonly change: RepricedTotal };

/** Adds up what single calls cost more or less, by series, minute and their values in the dimensions. */
export class RepricedShares {
  readonly #dimensions: CallDimensions;
  readonly #byMinute = new Map<string, Map<string, Share>>();
  #count = 0;

  constructor(dimensions: CallDimensions) {
    this.#dimensions = dimensions;
  }

  add(call: Call, correction: CallCorrection): void {
    if (this.#dimensions.names.length === 0) return;
    const { tenantId, route, model, provider } = call;
    const series = { tenantId, route, model, provider };
    const startMs = windowStartMs(call.timestampMs, MINUTE_MS);
    const key = minuteKey(series, startMs);
    const shares = this.#byMinute.get(key) ?? new Map<string, Share>();
    this.#byMinute.set(key, shares);
    const values = this.#dimensions.valuesOf(call);
    const change = changeOf(call, correction);
    for (const [index, dimension] of this.#dimensions.names.entries()) {
      const value = values[index] ?? '';
      this.#shareOf(shares, { series, windowStartMs: startMs, dimension, value })?.change.add(change);
    }
  }

  /** Those of the series and minutes of these corrections. */
  of(corrections: readonly CostCorrection[]): readonly RepricedShare[] {
    const keys = new Set(corrections.map(correctedMinute));
    return [...keys].flatMap((key) => [...(this.#byMinute.get(key)?.values() ?? [])]);
  }

  #shareOf(shares: Map<string, Share>, place: Omit<RepricedShare, 'change'>): Share | null {
    const key = `${place.dimension}\0${place.value}`;
    const known = shares.get(key);
    if (known !== undefined) return known;
    if (this.#count >= SHARES_MAX) return null;
    this.#count++;
    const share = { ...place, change: new RepricedTotal() };
    shares.set(key, share);
    return share;
  }
}

/** What tells the series and minute of a correction. */
export function correctedMinute({ series, windowStartMs: startMs }: CostCorrection): string {
  return minuteKey(series, startMs);
}

function minuteKey({ tenantId, route, model, provider }: Series, startMs: number): string {
  return [tenantId, route, model, provider, startMs].join('\0');
}

function changeOf(before: Call, after: CallCorrection): RepricedSums {
  const more = (source: Call['costSource']): number =>
    Number(after.costSource === source) - Number(before.costSource === source);
  return {
    costPicoUsd: (after.costPicoUsd ?? 0n) - (before.costPicoUsd ?? 0n),
    listCostPicoUsd: (after.listCostPicoUsd ?? 0n) - (before.listCostPicoUsd ?? 0n),
    unpricedCalls: more('none'),
    listCalls: more('list'),
    fileCalls: more('file'),
  };
}
