import { OVERFLOW, type Series, seriesKey } from '../../tally/series.ts';
import { PROVIDERS_PER_PAIR_MAX } from '../series-limits.ts';
import { storableText } from '../storable-text.ts';

/** A (route, model) of a tenant. `id` is unique in its dictionary and the key of everything stored under it. */
export interface Pair {
  readonly id: string;
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly providers: Set<string>;
}

/** Which series exist, and where those beyond the limits go. Nothing is ever forgotten here. */
export class MemoryDictionary {
  readonly #pairs = new Map<string, Pair>();
  readonly #pairCounts = new Map<string, number>();
  readonly #seriesPerTenantMax: number;

  constructor(seriesPerTenantMax: number) {
    this.#seriesPerTenantMax = seriesPerTenantMax;
  }

  /** The pair's own entry, or the tenant's overflow once it has as many pairs as it may have. */
  resolvePair(named: { tenantId: string; route: string; model: string }): Pair {
    const tenantId = storableText(named.tenantId);
    const known = this.#pairs.get(pairKey({ ...named, tenantId }));
    if (known !== undefined) return known;
    const count = this.#pairCounts.get(tenantId) ?? 0;
    if (count >= this.#seriesPerTenantMax) return this.#open({ tenantId, route: OVERFLOW, model: OVERFLOW });
    this.#pairCounts.set(tenantId, count + 1);
    return this.#open({ tenantId, route: storableText(named.route), model: storableText(named.model) });
  }

  resolveSeries(named: Series): { readonly id: string; readonly pair: Pair; readonly series: Series } {
    const pair = this.resolvePair(named);
    let provider = storableText(named.provider);
    if (!pair.providers.has(provider) && pair.providers.size >= PROVIDERS_PER_PAIR_MAX) provider = OVERFLOW;
    pair.providers.add(provider);
    const series = { tenantId: pair.tenantId, route: pair.route, model: pair.model, provider };
    return { id: seriesKey(series), pair, series };
  }

  #open(named: { tenantId: string; route: string; model: string }): Pair {
    const id = pairKey(named);
    let pair = this.#pairs.get(id);
    if (pair === undefined) {
      pair = { ...named, id, providers: new Set() };
      this.#pairs.set(id, pair);
    }
    return pair;
  }
}

function pairKey({ tenantId, route, model }: { tenantId: string; route: string; model: string }): string {
  return `${tenantId}\0${storableText(route)}\0${storableText(model)}`;
}
