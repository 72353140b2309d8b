import { bucketIndex } from './bucket.ts';
import { type Histogram, ZERO_BELOW_MS } from './histogram.ts';
import { addEncoded, addEncodedHistogram, encodeHistogram, encodeOneDuration } from './histogram-codec.ts';
import { addTallyNumbers, addUsageNumbers, setTallyNumbers, setUsageNumbers } from './slot-numbers.ts';
import { SlotSums } from './slot-sums.ts';
import type { Tally } from './tally.ts';
import type { Usage } from './usage.ts';
import { TALLY_SLOTS as T, TALLY_SLOT_COUNT, USAGE_SLOTS as U, USAGE_SLOT_COUNT } from './window-slots.ts';

/**
 * Durations of a row: encoded as `histogram-codec.ts` has them, or the bucket of the only one, as in most rows of
 * sparse traffic.
 */
export type Durations = Uint8Array | number;
export const NO_DURATIONS: Durations = new Uint8Array(0);

/** Usage of one billed model, whose name is bytes as text, see `billed-name.ts`. */
export class UsageSums {
  billed = '';
  readonly sums = new SlotSums(USAGE_SLOT_COUNT);
}

/** What a row holds of a window: numbers by slots, and usages by billed model. Filled again and again. */
export class WindowSums {
  readonly tally = new SlotSums(TALLY_SLOT_COUNT);
  latency: Durations = NO_DURATIONS;
  timeToFirstToken: Durations = NO_DURATIONS;
  /** The first `usageCount` count; the others are there to be filled. */
  readonly #usages: UsageSums[] = [];
  #usageCount = 0;

  clear(): void {
    this.tally.clear();
    this.latency = NO_DURATIONS;
    this.timeToFirstToken = NO_DURATIONS;
    this.#usageCount = 0;
  }

  get usageCount(): number {
    return this.#usageCount;
  }

  /** Of usage of nothing no word is written. */
  get writtenUsageCount(): number {
    let count = 0;
    for (let i = 0; i < this.#usageCount; i++) if (!this.usage(i).sums.isZero()) count++;
    return count;
  }

  usage(index: number): UsageSums {
    return this.#usages[index] as UsageSums;
  }

  usageOf(billed: string): UsageSums | null {
    for (let i = 0; i < this.#usageCount; i++) if (this.#usages[i]?.billed === billed) return this.usage(i);
    return null;
  }

  openUsage(billed: string): UsageSums {
    const known = this.#usages[this.#usageCount];
    const usage = known ?? new UsageSums();
    if (known === undefined) this.#usages.push(usage);
    else usage.sums.clear();
    usage.billed = billed;
    this.#usageCount++;
    return usage;
  }

  /** Whether there is nothing in its tally; the maximum, which cannot be taken back, says nothing. */
  get isTallyEmpty(): boolean {
    const { numbers, lows } = this.tally;
    for (let slot = 0; slot < numbers.length; slot++) {
      if (slot !== T.latencyUsMax && (numbers[slot] !== 0 || lows[slot] !== 0)) return false;
    }
    return isNone(this.latency) && isNone(this.timeToFirstToken);
  }

  /** Only into an empty one. */
  setTally(tally: Tally): void {
    const sums = this.tally;
    setTallyNumbers(sums.numbers, tally);
    sums.setMoney(T.costPicoUsd, tally.costPicoUsd);
    sums.setMoney(T.reportedCostPicoUsd, tally.reportedCostPicoUsd);
    sums.setMoney(T.listCostPicoUsd, tally.listCostPicoUsd);
    this.latency = durationsOf(tally.latency);
    this.timeToFirstToken = durationsOf(tally.timeToFirstToken);
  }

  /** Only where there is none of this model yet. */
  setUsage(billed: string, usage: Usage): void {
    const { sums } = this.openUsage(billed);
    setUsageNumbers(sums.numbers, usage);
    sums.setMoney(U.costPicoUsd, usage.costPicoUsd);
    sums.setMoney(U.listCostPicoUsd, usage.listCostPicoUsd);
  }

  addTallyTo(into: Tally): void {
    const sums = this.tally;
    addTallyNumbers(into, sums.numbers);
    sums.addMoneyTo(into.costPicoUsd, T.costPicoUsd);
    sums.addMoneyTo(into.reportedCostPicoUsd, T.reportedCostPicoUsd);
    sums.addMoneyTo(into.listCostPicoUsd, T.listCostPicoUsd);
    addDurations(into.latency, this.latency);
    addDurations(into.timeToFirstToken, this.timeToFirstToken);
  }

  addUsageTo(into: Usage, index: number): void {
    const { sums } = this.usage(index);
    addUsageNumbers(into, sums.numbers);
    sums.addMoneyTo(into.costPicoUsd, U.costPicoUsd);
    sums.addMoneyTo(into.listCostPicoUsd, U.listCostPicoUsd);
  }

  add(other: WindowSums): void {
    const own = this.tally.numbers;
    const added = other.tally.numbers[T.latencyUsMax] as number;
    // So that adding it gives the larger.
    own[T.latencyUsMax] = Math.max(own[T.latencyUsMax] as number, added) - added;
    this.tally.add(other.tally);
    this.latency = sumOf(this.latency, other.latency);
    this.timeToFirstToken = sumOf(this.timeToFirstToken, other.timeToFirstToken);
    for (let i = 0; i < other.usageCount; i++) {
      const { billed, sums } = other.usage(i);
      (this.usageOf(billed) ?? this.openUsage(billed)).sums.add(sums);
    }
  }
}

/**
 * The bucket of the only call's latency, by the largest in microseconds, which is rounded: nearly always right, and
 * what is not is written. Null where nothing can be told.
 */
export function bucketByMax(tally: SlotSums): number | null {
  const latencyUsMax = tally.numbers[T.latencyUsMax] as number;
  if (tally.numbers[T.latencyKnown] !== 1 || latencyUsMax / 1000 < ZERO_BELOW_MS) return null;
  return bucketIndex(latencyUsMax / 1000);
}

export function durationsOf(histogram: Histogram): Durations {
  if (histogram.isEmpty) return NO_DURATIONS;
  return histogram.onlyBucket ?? encodeHistogram(histogram);
}

function isNone(durations: Durations): boolean {
  return typeof durations !== 'number' && durations.length === 0;
}

function addDurations(into: Histogram, durations: Durations): void {
  if (typeof durations === 'number') into.addBucket(durations, 1);
  else addEncodedHistogram(into, durations);
}

function sumOf(a: Durations, b: Durations): Durations {
  if (isNone(b)) return a;
  if (isNone(a)) return b;
  return addEncoded(encoded(a), encoded(b));
}

export function encoded(durations: Durations): Uint8Array {
  return typeof durations === 'number' ? encodeOneDuration(durations) : durations;
}
