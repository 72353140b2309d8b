import { SlotSums } from './slot-sums.ts';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, type Tally } from './tally.ts';
import { USAGE_EXACT_SUMS, Usage } from './usage.ts';
import { type ByteReader, readVarint, writeVarint } from './varint.ts';
import { guessTally, guessUsage, usageOfTally } from './window-guess.ts';
import { TALLY_SLOT_COUNT, TALLY_SLOTS, USAGE_SLOT_COUNT, USAGE_SLOTS } from './window-slots.ts';
import { bucketByMax, type Durations, encoded, NO_DURATIONS, type UsageSums, WindowSums } from './window-sums.ts';

/** Usage of a billed model, which is named as `billed-name.ts` has it, or by any other text of bytes. */
export interface NamedUsage {
  readonly billed: string;
  readonly usage: Usage;
}

/**
 * A window of a series as bytes, for the embedded store: its tally and, of a minute, its usage by billed model.
 *
 *     tally count (length billed usage)*
 *
 * Of a tally and of a usage it is told what is not as one would guess (`window-guess.ts`): first which slots are, a bit
 * for each, then their numbers, as zigzag varints, money as `slot-sums.ts` has it, durations as their length and
 * `histogram-codec.ts`. A call that was answered and priced by the list takes some fifteen bytes so, its usage
 * included, where columns took 110.
 */
export class WindowCodec {
  readonly #sums = new WindowSums();
  readonly #added = new WindowSums();
  /** What nobody guesses of is always zero in them. */
  readonly #guess = new SlotSums(TALLY_SLOT_COUNT);
  readonly #usageGuess = new SlotSums(USAGE_SLOT_COUNT);
  /** What the tally says of usage, without that of which is told already. */
  readonly #left = new SlotSums(USAGE_SLOT_COUNT);
  #bytes = Buffer.allocUnsafeSlow(BYTES_MIN);
  #at = 0;
  /** By how many bytes they are of. */
  readonly #views = Array.from({ length: VIEW_BYTES_END }, (): Uint8Array | null => null);

  /** Good until the next call. @param usages none of a billed model twice */
  encode(tally: Tally, usages: Iterable<NamedUsage> = []): Uint8Array {
    this.#sums.clear();
    this.#sums.setTally(tally);
    for (const { billed, usage } of usages) this.#sums.setUsage(billed, usage);
    return this.#written(this.#sums);
  }

  /** Likewise. */
  encodeSums(sums: WindowSums): Uint8Array {
    return this.#written(sums);
  }

  /** What was encoded before, among other bytes, as a view that stays. Good until the next call. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    this.#at = 0;
    this.#makeRoom(end - start);
    // They are some twenty: `set` takes longer.
    for (let at = start; at < end; at++) this.#bytes[this.#at++] = bytes[at] as number;
    return this.#view();
  }

  /** The sum of two, good until the next call. @throws RangeError where one is damaged */
  add(a: Uint8Array, b: Uint8Array): Uint8Array {
    this.#read(this.#sums, a, true);
    this.#read(this.#added, b, true);
    this.#sums.add(this.#added);
    return this.#written(this.#sums);
  }

  /** @throws RangeError where it is damaged */
  addTallyTo(into: Tally, bytes: Uint8Array): void {
    this.#read(this.#sums, bytes, false);
    this.#sums.addTallyTo(into);
  }

  /** @throws RangeError where it is damaged */
  usagesOf(bytes: Uint8Array): readonly NamedUsage[] {
    const sums = this.#sums;
    this.#read(sums, bytes, true);
    return Array.from({ length: sums.usageCount }, (_, index) => {
      const usage = new Usage();
      sums.addUsageTo(usage, index);
      return { billed: sums.usage(index).billed, usage };
    });
  }

  #read(sums: WindowSums, bytes: Uint8Array, withUsages: boolean): void {
    sums.clear();
    const { tally } = sums;
    const reader = { bytes, at: 0 };
    const told = readTold(reader);
    for (let rest = told; rest !== 0; rest &= rest - 1) {
      const slot = lowestSlot(rest);
      const kind = TALLY_SLOT_KINDS[slot];
      if (kind === NUMBER) tally.readNumber(slot, reader);
      else if (kind === MONEY) tally.readMoney(slot, reader);
      else if (slot === TALLY_SLOTS.latency) sums.latency = readDurations(reader);
      else sums.timeToFirstToken = readDurations(reader);
    }
    guessTally(tally, tally, told);
    if ((told & LATENCY_BIT) === 0) sums.latency = bucketByMax(tally) ?? NO_DURATIONS;
    if (withUsages) this.#readUsages(sums, reader);
  }

  #readUsages(sums: WindowSums, reader: ByteReader): void {
    let count = readVarint(reader);
    if (count === 0) return;
    const left = this.#left;
    usageOfTally(left, sums.tally);
    for (; count > 0; count--) {
      const usage = sums.openUsage(readName(reader)).sums;
      const told = readVarint(reader);
      for (let rest = told; rest !== 0; rest &= rest - 1) {
        const slot = lowestSlot(rest);
        if (USAGE_SLOT_KINDS[slot] === NUMBER) usage.readNumber(slot, reader);
        else usage.readMoney(slot, reader);
      }
      guessUsage(usage, { from: usage, left, told });
      if (count > 1) left.add(usage, -1);
    }
  }

  #written(sums: WindowSums): Uint8Array {
    this.#at = 0;
    const [latency, firstTokens] = [sums.latency, sums.timeToFirstToken];
    this.#makeRoom(TALLY_BYTES_MAX + lengthOf(latency) + lengthOf(firstTokens));
    const { tally } = sums;
    guessTally(this.#guess, tally, 0);
    let told = toldOf(tally, this.#guess);
    const byMax = bucketByMax(tally);
    if (byMax === null ? lengthOf(latency) > 0 : latency !== byMax) told |= LATENCY_BIT;
    if (lengthOf(firstTokens) > 0) told |= FIRST_TOKENS_BIT;
    this.#writeTold(told);
    for (let rest = told; rest !== 0; rest &= rest - 1) {
      const slot = lowestSlot(rest);
      const kind = TALLY_SLOT_KINDS[slot];
      if (kind === NUMBER) this.#at = tally.writeNumber(slot, this.#bytes, this.#at);
      else if (kind === MONEY) this.#at = tally.writeMoney(slot, this.#bytes, this.#at);
      else this.#writeDurations(slot === TALLY_SLOTS.latency ? latency : firstTokens);
    }
    this.#writeUsages(sums);
    return this.#view();
  }

  /** What was written. Of rows of one length it is one object, as making it is a tenth of encoding a row. */
  #view(): Uint8Array {
    const length = this.#at;
    const known = this.#views[length];
    if (known?.buffer === this.#bytes.buffer) return known;
    const view = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, length);
    if (length < this.#views.length) this.#views[length] = view;
    return view;
  }

  #writeUsages(sums: WindowSums): void {
    const left = this.#left;
    const count = sums.writtenUsageCount;
    this.#at = writeVarint(this.#bytes, this.#at, count);
    if (count === 0) return;
    usageOfTally(left, sums.tally);
    for (let i = 0; i < sums.usageCount; i++) {
      const usage = sums.usage(i);
      if (usage.sums.isZero()) continue;
      this.#writeUsage(usage, left);
      left.add(usage.sums, -1);
    }
  }

  #writeUsage({ billed, sums }: UsageSums, left: SlotSums): void {
    this.#makeRoom(USAGE_BYTES_MAX + billed.length);
    this.#at = writeVarint(this.#bytes, this.#at, billed.length);
    if (billed !== '') this.#at += this.#bytes.write(billed, this.#at, 'latin1');
    const guess = this.#usageGuess;
    guessUsage(guess, { from: sums, left, told: 0 });
    const told = toldOf(sums, guess);
    this.#at = writeVarint(this.#bytes, this.#at, told);
    for (let rest = told; rest !== 0; rest &= rest - 1) {
      const slot = lowestSlot(rest);
      if (USAGE_SLOT_KINDS[slot] === NUMBER) this.#at = sums.writeNumber(slot, this.#bytes, this.#at);
      else this.#at = sums.writeMoney(slot, this.#bytes, this.#at);
    }
  }

  #writeDurations(durations: Durations): void {
    const bytes = encoded(durations);
    this.#at = writeVarint(this.#bytes, this.#at, bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** What nearly every row tells fits into one byte or two; the others have a number of their own. */
  #writeTold(told: number): void {
    const others = told >>> FIRST_SLOTS;
    this.#at = writeVarint(this.#bytes, this.#at, (told & FIRST_MASK) | (others === 0 ? 0 : MORE));
    if (others !== 0) this.#at = writeVarint(this.#bytes, this.#at, others);
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** So many slots are told of first; the bit behind them says that there are others. */
const FIRST_SLOTS = 13;
const FIRST_MASK = (1 << FIRST_SLOTS) - 1;
const MORE = 1 << FIRST_SLOTS;

const LATENCY_BIT = 1 << TALLY_SLOTS.latency;
const FIRST_TOKENS_BIT = 1 << TALLY_SLOTS.timeToFirstToken;

const NUMBER = 0;
const MONEY = 1;
const DURATIONS = 2;
const TALLY_SLOT_KINDS = new Uint8Array(TALLY_SLOT_COUNT);
for (const field of TALLY_EXACT_SUMS) TALLY_SLOT_KINDS[TALLY_SLOTS[field]] = MONEY;
for (const field of TALLY_HISTOGRAMS) TALLY_SLOT_KINDS[TALLY_SLOTS[field]] = DURATIONS;
const USAGE_SLOT_KINDS = new Uint8Array(USAGE_SLOT_COUNT);
for (const field of USAGE_EXACT_SUMS) USAGE_SLOT_KINDS[USAGE_SLOTS[field]] = MONEY;

const BYTES_MIN = 4096;
const VIEW_BYTES_END = 128;
const VALUE_BYTES_MAX = 20;
const TALLY_BYTES_MAX = (TALLY_SLOT_COUNT + 2) * VALUE_BYTES_MAX;
const USAGE_BYTES_MAX = (USAGE_SLOT_COUNT + 2) * VALUE_BYTES_MAX;
/** A duration by itself takes no more. */
const ONE_DURATION_BYTES_MAX = 8;

/** The slots that are not as one would guess. */
function toldOf(sums: SlotSums, guess: SlotSums): number {
  const [numbers, lows, guessed, guessedLows] = [sums.numbers, sums.lows, guess.numbers, guess.lows];
  let told = 0;
  for (let slot = 0; slot < numbers.length; slot++) {
    if (numbers[slot] !== guessed[slot] || lows[slot] !== guessedLows[slot]) told |= 1 << slot;
  }
  return told;
}

const lowestSlot = (told: number): number => 31 - Math.clz32(told & -told);

function lengthOf(durations: Durations): number {
  return typeof durations === 'number' ? ONE_DURATION_BYTES_MAX : durations.length;
}

function readTold(reader: ByteReader): number {
  const first = readVarint(reader);
  return (first & FIRST_MASK) | ((first & MORE) === 0 ? 0 : readVarint(reader) << FIRST_SLOTS);
}

function readDurations(reader: ByteReader): Uint8Array {
  const length = readVarint(reader);
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new RangeError('What is stored ends inside durations');
  const durations = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return durations;
}

/** A name as text of bytes; nearly always it is that of the series, which is empty. */
function readName(reader: ByteReader): string {
  const length = readVarint(reader);
  if (length === 0) return '';
  const start = reader.at;
  reader.at += length;
  return Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + start, length).toString('latin1');
}
