import type { Tally } from '../tally/tally.ts';
import type { EntryReader } from './dimension-piece.ts';
import type { ReadBudget } from './read-budget.ts';
import type { Summand, TenantQuery } from './regroup.ts';

/** How the names of a series are found, and of a value. Null: what it stands for is not asked for, or is gone. */
export interface DimensionNames {
  seriesOf(seriesId: number): Pick<Summand, 'route' | 'model' | 'provider'> | null;
  valueOf(value: number): string | null;
}

/**
 * The entry that a reader is at, as a row of a question; good until the reader goes on. A group is found by the least
 * that tells it: by the value alone where the series is not grouped by.
 */
export class EntrySummand implements Summand {
  windowStartMs = 0;
  route = '';
  model = '';
  provider = '';
  value = '';
  seriesId = 0;
  readonly #names: DimensionNames;
  readonly #budget: ReadBudget | undefined;
  readonly #isBySeries: boolean;
  readonly #isByValue: boolean;
  #reader: EntryReader | null = null;

  constructor(names: DimensionNames, { groupBy, budget }: TenantQuery) {
    this.#names = names;
    this.#budget = budget;
    this.#isBySeries = groupBy.some((group) => group === 'route' || group === 'model' || group === 'provider');
    this.#isByValue = groupBy.includes('dimension');
  }

  /** False: the entry is not asked for. It was read all the same. @throws {TooMuchToRead} */
  take(reader: EntryReader, windowStartMs: number): boolean {
    const value = this.#names.valueOf(reader.value);
    const series = value === null ? null : this.#names.seriesOf(reader.seriesId);
    if (series === null || value === null) {
      this.#budget?.countRow();
      return false;
    }
    this.windowStartMs = windowStartMs;
    this.route = series.route;
    this.model = series.model;
    this.provider = series.provider;
    this.value = value;
    // By the value alone it is a small number, which is found in half the time.
    if (!this.#isBySeries) this.seriesId = this.#isByValue ? reader.value : 0;
    else this.seriesId = reader.seriesId + (this.#isByValue ? reader.value * SERIES_NUMBERS : 0);
    this.#reader = reader;
    return true;
  }

  addTo(into: Tally): void {
    this.#reader?.addTo(into);
  }
}

/** More than there are series, and few enough for the product to be exact. */
const SERIES_NUMBERS = 2 ** 24;
