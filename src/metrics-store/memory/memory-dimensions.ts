import { NONE, OVERFLOW, REPRICED, type Series } from '../../tally/series.ts';
import { storedStretches } from '../../tally/steps.ts';
import { addTally, Tally } from '../../tally/tally.ts';
import { addEncodedTally } from '../../tally/tally-codec.ts';
import { DAY_MS, RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../../tally/window.ts';
import { addRepriced, type RepricedSums } from '../billed-columns.ts';
import type { Commit } from '../commit.ts';
import type { DimensionChoice, MetricsRow } from '../metrics-reader.ts';
import type { CostCorrection, PruneBefore, RepricedShare } from '../metrics-store.ts';
import { Regrouper, stretchesToScan, type TenantQuery } from '../regroup.ts';
import { countedUnder, totalChange, type ValueShare, wholeShares } from '../repriced-windows.ts';
import { storableText } from '../storable-text.ts';
import type { MemoryDictionary } from './memory-dictionary.ts';

interface ValueRow {
  readonly series: Series;
  readonly dimension: string;
  readonly value: string;
  readonly windowMs: ResolutionMs;
  readonly windowStartMs: number;
  readonly tally: Tally;
}

/** Values that are always there, beside those of senders. */
const RESERVED: ReadonlySet<string> = new Set([NONE, OVERFLOW, REPRICED]);

/** What calls are summed by beside their series. */
export class MemoryDimensions {
  readonly #dictionary: MemoryDictionary;
  readonly #valuesMax: number;
  readonly #rows = new Map<string, ValueRow>();
  /** By tenant, dimension and day. */
  readonly #values = new Map<string, Set<string>>();

  constructor(dictionary: MemoryDictionary, valuesMax: number) {
    this.#dictionary = dictionary;
    this.#valuesMax = valuesMax;
  }

  add(deltas: Commit['dimensions']): void {
    for (const { dimensions, texts, values, tallies, series: whose, windowMs, windowStartMs: atMs } of deltas) {
      const { series } = this.#dictionary.resolveSeries(whose);
      const dayStartMs = windowStartMs(atMs, DAY_MS);
      for (let i = 0; i < tallies.ends.length; i++) {
        const at = i === 0 ? 0 : (tallies.ends[i - 1] as number);
        for (const [place, dimension] of dimensions.entries()) {
          const named = storableText(texts[values[i * dimensions.length + place] as number] as string);
          const value = this.#resolve(`${whose.tenantId}\0${dimension}\0${dayStartMs}`, named);
          for (const row of this.#rowsOf({ series, dimension, value, windowMs, windowStartMs: atMs })) {
            addEncodedTally(row.tally, { bytes: tallies.bytes, at });
          }
        }
      }
    }
  }

  /** Of this window and all longer ones. */
  #rowsOf(shortest: Omit<ValueRow, 'tally'>): readonly ValueRow[] {
    return RESOLUTIONS_MS.filter((windowMs) => windowMs >= shortest.windowMs).map((windowMs) =>
      this.#rowOf({ ...shortest, windowMs, windowStartMs: windowStartMs(shortest.windowStartMs, windowMs) }),
    );
  }

  read(query: TenantQuery, { name, value: wanted }: DimensionChoice): readonly MetricsRow[] {
    const regrouper = new Regrouper(query);
    for (const { fromMs, toMs, resolutionMs } of storedStretches(stretchesToScan(query))) {
      const rows = [...this.#rows.values()]
        .filter(({ dimension, windowMs }) => dimension === name && windowMs === resolutionMs)
        .filter((row) => row.windowStartMs >= fromMs && row.windowStartMs < toMs)
        .sort((a, b) => (query.order === 'asc' ? 1 : -1) * (a.windowStartMs - b.windowStartMs));
      for (const { series, value, windowStartMs: startMs, tally } of rows) {
        if (!isOfSeries(series, query) || (wanted ?? value) !== value) {
          query.budget?.countRow();
          continue;
        }
        const { route, model, provider } = series;
        const addTo = (into: Tally): void => addTally(into, tally);
        if (!regrouper.add({ windowStartMs: startMs, route, model, provider, value, addTo })) return regrouper.finish();
      }
    }
    return regrouper.finish();
  }

  /** Of the corrections of a series and minute each. */
  reprice(minutes: Iterable<readonly CostCorrection[]>, shares: readonly RepricedShare[]): void {
    for (const [first, ...others] of minutes) {
      if (first === undefined) continue;
      const { series, windowStartMs: atMs } = first;
      const isMeant = (share: RepricedShare) => share.windowStartMs === atMs && isSameSeries(share.series, series);
      const change = totalChange([first, ...others]);
      this.#repriceMinute({ series, atMs, change }, wholeShares(change, shares.filter(isMeant)));
    }
  }

  /** Where a dimension has rows of the series, it changes by what is known of its values, or as a whole. */
  #repriceMinute(
    { series, atMs, change }: { readonly series: Series; readonly atMs: number; readonly change: RepricedSums },
    shares: ReadonlyMap<string, readonly ValueShare[]>,
  ): void {
    const places = Map.groupBy(
      [...this.#rows.values()].filter(
        (row) => row.windowStartMs === windowStartMs(atMs, row.windowMs) && isSameSeries(row.series, series),
      ),
      (row) => `${row.dimension}\0${row.windowMs}`,
    );
    for (const [place, ...others] of places.values()) {
      if (place === undefined) continue;
      const there = new Set([place, ...others].map(({ value }) => value));
      for (const share of shares.get(place.dimension) ?? [{ value: REPRICED, change }]) {
        const value = countedUnder(storableText(share.value), (text) => there.has(text));
        addRepriced(this.#rowOf({ ...place, value }).tally, share.change);
      }
    }
  }

  prune({ minutesMs, hoursMs, daysMs }: PruneBefore): void {
    const beforeMs = new Map(RESOLUTIONS_MS.map((sizeMs, index) => [sizeMs, [minutesMs, hoursMs, daysMs][index] ?? 0]));
    for (const [key, { windowMs, windowStartMs: startMs }] of this.#rows) {
      if (startMs < (beforeMs.get(windowMs) ?? 0)) this.#rows.delete(key);
    }
  }

  #resolve(day: string, value: string): string {
    if (RESERVED.has(value)) return value;
    let values = this.#values.get(day);
    if (values === undefined) this.#values.set(day, (values = new Set()));
    if (!values.has(value) && values.size >= this.#valuesMax) return OVERFLOW;
    values.add(value);
    return value;
  }

  #rowOf({ series, dimension, value, windowMs, windowStartMs: startMs }: Omit<ValueRow, 'tally'>): ValueRow {
    const key = [...Object.values(series), dimension, value, windowMs, startMs].join('\0');
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { series, dimension, value, windowMs, windowStartMs: startMs, tally: new Tally() };
      this.#rows.set(key, row);
    }
    return row;
  }
}

function isOfSeries({ tenantId, route, model, provider }: Series, query: TenantQuery): boolean {
  return (
    tenantId === query.tenantId &&
    (query.route ?? route) === route &&
    (query.model ?? model) === model &&
    (query.provider ?? provider) === provider
  );
}

function isSameSeries(a: Series, b: Series): boolean {
  return a.tenantId === b.tenantId && a.route === b.route && a.model === b.model && a.provider === b.provider;
}
