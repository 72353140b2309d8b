import type { Series } from '../../../tally/series.ts';

/** Beyond this many the dictionary starts again: sharing is a saving, not a promise. */
const SERIES_MAX = 100_000;

type ByProvider = Map<string, Series>;
type ByModel = Map<string, ByProvider>;
type ByRoute = Map<string, ByModel>;

/** One object per series, so that deltas can be found by identity and waiting calls share it. */
export class SeriesDictionary {
  readonly #byTenant = new Map<string, ByRoute>();
  #size = 0;

  /** Four look-ups of texts whose hash is known take less than making one key of them. */
  of(series: Series): Series {
    const { tenantId, route, model, provider } = series;
    const known = this.#byTenant.get(tenantId)?.get(route)?.get(model)?.get(provider);
    if (known !== undefined) return known;
    if (this.#size >= SERIES_MAX) {
      this.#byTenant.clear();
      this.#size = 0;
    }
    const byRoute = below<string, ByModel>(this.#byTenant, tenantId);
    below<string, Series>(below<string, ByProvider>(byRoute, route), model).set(provider, series);
    this.#size++;
    return series;
  }
}

function below<Key, Value>(map: Map<string, Map<Key, Value>>, key: string): Map<Key, Value> {
  let inner = map.get(key);
  if (inner === undefined) map.set(key, (inner = new Map()));
  return inner;
}
