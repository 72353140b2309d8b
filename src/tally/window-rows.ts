import { Histogram } from './histogram.ts';
import type { SlotSums } from './slot-sums.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, type TallySink } from './tally.ts';
import { NUMBERS } from './tally-codec.ts';
import { histogramOfCode, indexOfCode, MONEY_AT, TallyRows } from './tally-rows.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, type UsageSink } from './usage.ts';
import { USAGE_MONEY_AT, UsageRows } from './usage-rows.ts';
import { TALLY_SLOTS, USAGE_SLOTS } from './window-slots.ts';
import { type Durations, durationsOf, NO_DURATIONS, type WindowSums } from './window-sums.ts';

/** Of a few windows 35 and 24 kB; of those that were needed last, 15 MB at most. */
const PAGES = { rowsPerPage: 128, pagesKeptMax: 256 };
export const NO_USAGE = -1;

/**
 * What calls add to windows until a commit is cut, as rows of numbers: a `Tally` with its `Usage` is some fifty objects
 * of the heap, 1.1 kB, and in a backfill of sparse history each call has both for itself. They live until the commit,
 * so V8 copied all of them twice.
 */
export class WindowRows {
  readonly #tallies = new TallyRows(PAGES);
  readonly #usages = new UsageRows(PAGES);
  /** By row, the usage that was added last; the others follow from it. */
  readonly #firstUsages: number[] = [];
  readonly #latency = new RowDurationReader('latency');
  readonly #timeToFirstToken = new RowDurationReader('timeToFirstToken');

  get length(): number {
    return this.#tallies.length;
  }

  clear(): void {
    this.#tallies.clear();
    this.#usages.clear();
    this.#firstUsages.length = 0;
  }

  /** A window of nothing. */
  add(): number {
    this.#firstUsages.push(NO_USAGE);
    return this.#tallies.add();
  }

  /** What a call is added to; good until the next one is asked for. */
  tally(row: number): TallySink {
    return this.#tallies.at(row);
  }

  /** The usage of a window that was added last, `NO_USAGE` where there is none. */
  firstUsage(row: number): number {
    return this.#firstUsages[row] as number;
  }

  /** The one that was added before it. */
  nextUsage(usage: number): number {
    return this.#usages.nextOf(usage);
  }

  /** Which billed model it is of. */
  billedOf(usage: number): number {
    return this.#usages.billedOf(usage);
  }

  /** Usage of nothing. @param billed a number of a billed model of which the window has none yet */
  addUsage(row: number, billed: number): number {
    return (this.#firstUsages[row] = this.#usages.add(billed, this.firstUsage(row)));
  }

  /** What a call is added to; good until the next one is asked for. */
  usage(usage: number): UsageSink {
    return this.#usages.at(usage);
  }

  /** Fills `sums` with a window. @param nameOf what is billed, see `billed-name.ts`; two may have one name */
  read(row: number, sums: WindowSums, nameOf: (billed: number) => string): void {
    sums.clear();
    const [page, start] = [this.#tallies.pageOf(row), this.#tallies.startOf(row)];
    const { numbers } = sums.tally;
    for (let i = 0; i < NUMBERS.length; i++) numbers[NUMBER_SLOTS[i] as number] = page[start + i] as number;
    addMoney(sums.tally, MONEY_SLOTS, page, start + MONEY_AT);
    sums.latency = this.#latency.read(this.#tallies, row);
    sums.timeToFirstToken = this.#timeToFirstToken.read(this.#tallies, row);
    for (let usage = this.#firstUsages[row] as number; usage !== NO_USAGE; usage = this.#usages.nextOf(usage)) {
      const billed = nameOf(this.#usages.billedOf(usage));
      this.#addUsageTo((sums.usageOf(billed) ?? sums.openUsage(billed)).sums, usage);
    }
  }

  #addUsageTo(sums: SlotSums, row: number): void {
    const [page, start] = [this.#usages.pageOf(row), this.#usages.startOf(row)];
    const { numbers } = sums;
    for (let i = 0; i < USAGE_SUMS.length; i++) {
      (numbers[USAGE_NUMBER_SLOTS[i] as number] as number) += page[start + i] as number;
    }
    addMoney(sums, USAGE_MONEY_SLOTS, page, start + USAGE_MONEY_AT);
  }
}

const NUMBER_SLOTS = Uint8Array.from(NUMBERS, (field) => TALLY_SLOTS[field]);
const MONEY_SLOTS = Uint8Array.from(TALLY_EXACT_SUMS, (field) => TALLY_SLOTS[field]);
const USAGE_NUMBER_SLOTS = Uint8Array.from(USAGE_SUMS, (field) => USAGE_SLOTS[field]);
const USAGE_MONEY_SLOTS = Uint8Array.from(USAGE_EXACT_SUMS, (field) => USAGE_SLOTS[field]);

function addMoney(sums: SlotSums, slots: Uint8Array, page: Float64Array, at: number): void {
  for (let i = 0; i < slots.length; i++) {
    sums.addParts(slots[i] as number, page[at + 2 * i] as number, page[at + 2 * i + 1] as number);
  }
}

/** Reads one of a row's histograms, mostly of one duration or none, for which no histogram is made. */
class RowDurationReader {
  readonly #number: number;
  #onlyBucket: number | null = null;
  #many: Histogram | null = null;

  constructor(histogram: (typeof TALLY_HISTOGRAMS)[number]) {
    this.#number = TALLY_HISTOGRAMS.indexOf(histogram);
  }

  read(rows: TallyRows, row: number): Durations {
    this.#onlyBucket = this.#many = null;
    rows.forEachDuration(row, this.#tell);
    return this.#many === null ? (this.#onlyBucket ?? NO_DURATIONS) : durationsOf(this.#many);
  }

  readonly #tell = (code: number, count: number): void => {
    if (histogramOfCode(code) !== this.#number) return;
    const index = indexOfCode(code);
    if (this.#many === null && this.#onlyBucket === null && index !== null && count === 1) {
      this.#onlyBucket = index;
      return;
    }
    const many = (this.#many ??= new Histogram());
    if (this.#onlyBucket !== null) many.addBucket(this.#onlyBucket, 1);
    this.#onlyBucket = null;
    if (index === null) many.zeroCount += count;
    else many.addBucket(index, count);
  };
}
