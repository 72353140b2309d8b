import { bucketIndex } from './bucket.ts';
import { ZERO_BELOW_MS } from './histogram.ts';
import {
  addEncoded,
  addEncodedHistogram,
  encodeHistogram,
  encodeOneDuration,
  onlyBucketOf,
} from './histogram-codec.ts';
import { SlotSums } from './slot-sums.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS, type Tally } from './tally.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS, type Usage } from './usage.ts';
import { TALLY_SLOT_COUNT, TALLY_SLOTS, USAGE_SLOT_COUNT, USAGE_SLOTS } from './window-slots.ts';

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

  /** Only into an empty one. */
  setTally(tally: Tally): void {
    const { numbers } = this.tally;
    for (let i = 0; i < NUMBERS.length; i++) {
      numbers[NUMBER_SLOTS[i] as number] = tally[NUMBERS[i] as (typeof NUMBERS)[number]];
    }
    for (const field of TALLY_EXACT_SUMS) this.tally.setMoney(TALLY_SLOTS[field], tally[field]);
    for (const field of TALLY_HISTOGRAMS) {
      const histogram = tally[field];
      if (histogram.isEmpty) continue;
      this[field] = onlyBucketOf(histogram) ?? encodeHistogram(histogram);
    }
  }

  /** Only where there is none of this model yet. */
  setUsage(billed: string, usage: Usage): void {
    const { sums } = this.openUsage(billed);
    for (let i = 0; i < USAGE_SUMS.length; i++) {
      sums.numbers[USAGE_SUM_SLOTS[i] as number] = usage[USAGE_SUMS[i] as (typeof USAGE_SUMS)[number]];
    }
    for (const field of USAGE_EXACT_SUMS) sums.setMoney(USAGE_SLOTS[field], usage[field]);
  }

  addTallyTo(into: Tally): void {
    const { numbers } = this.tally;
    for (let i = 0; i < TALLY_SUMS.length; i++) {
      into[TALLY_SUMS[i] as (typeof TALLY_SUMS)[number]] += numbers[NUMBER_SLOTS[i] as number] as number;
    }
    for (const field of TALLY_MAXIMA) into[field] = Math.max(into[field], numbers[TALLY_SLOTS[field]] as number);
    for (const field of TALLY_EXACT_SUMS) this.tally.addMoneyTo(into[field], TALLY_SLOTS[field]);
    for (const field of TALLY_HISTOGRAMS) {
      const durations = this[field];
      if (typeof durations === 'number') into[field].addBucket(durations, 1);
      else addEncodedHistogram(into[field], durations);
    }
  }

  /** A copy of what an entry says, as it is filled again. */
  addUsageTo(into: Usage, index: number): void {
    const { sums } = this.usage(index);
    for (const field of USAGE_SUMS) into[field] += sums.numbers[USAGE_SLOTS[field]] as number;
    for (const field of USAGE_EXACT_SUMS) sums.addMoneyTo(into[field], USAGE_SLOTS[field]);
  }

  add(other: WindowSums): void {
    const [own, others] = [this.tally.numbers, other.tally.numbers];
    for (const field of TALLY_MAXIMA) {
      const slot = TALLY_SLOTS[field];
      const added = others[slot] as number;
      // So that adding it gives the larger.
      own[slot] = Math.max(own[slot] as number, added) - added;
    }
    this.tally.add(other.tally);
    for (const field of TALLY_HISTOGRAMS) this[field] = sumOf(this[field], other[field]);
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
  const latencyUsMax = tally.numbers[TALLY_SLOTS.latencyUsMax] as number;
  if (tally.numbers[TALLY_SLOTS.latencyKnown] !== 1 || latencyUsMax / 1000 < ZERO_BELOW_MS) return null;
  return bucketIndex(latencyUsMax / 1000);
}

function sumOf(a: Durations, b: Durations): Durations {
  if (typeof b !== 'number' && b.length === 0) return a;
  if (typeof a !== 'number' && a.length === 0) return b;
  return addEncoded(encoded(a), encoded(b));
}

export function encoded(durations: Durations): Uint8Array {
  return typeof durations === 'number' ? encodeOneDuration(durations) : durations;
}

const NUMBERS = [...TALLY_SUMS, ...TALLY_MAXIMA] as const;
const NUMBER_SLOTS = NUMBERS.map((field) => TALLY_SLOTS[field]);
const USAGE_SUM_SLOTS = USAGE_SUMS.map((field) => USAGE_SLOTS[field]);
