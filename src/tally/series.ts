/** What a metrics row is about. `provider` is '' where nobody named it. */
export interface Series {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
}

/** Stands where none was read yet. */
export const NO_SERIES: Series = { tenantId: '', route: '', model: '', provider: '' };

/** Where the series beyond `MAX_SERIES_PER_TENANT` are added up, as route and as model. */
export const OVERFLOW = '__overflow__';

/** The value in a dimension of calls that have none. */
export const NONE = '__none__';

/** Where a dimension keeps what a new price changed of costs of which nobody knows any more whose they were. */
export const REPRICED = '__repriced__';

/** One string per series. Dimensions may hold any character but U+0000, which the event schema refuses. */
export function seriesKey(series: Series): string {
  return `${series.tenantId}\0${series.route}\0${series.model}\0${series.provider}`;
}
