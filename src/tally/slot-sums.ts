import type { ExactSum } from './exact-sum.ts';
import { held, LOW_BITS, LOW_UNIT } from './tally-codec.ts';
import { type ByteReader, readVarint, unzigzag, writeVarint, zigzag } from './varint.ts';

/**
 * Sums by their slots, each a number; one of money is a multiple of 2^32, and in `lows` what is left of it, from 0 up
 * to that. So both stay exact.
 */
export class SlotSums {
  readonly numbers: Float64Array;
  readonly lows: Float64Array;

  constructor(slotCount: number) {
    this.numbers = new Float64Array(slotCount);
    this.lows = new Float64Array(slotCount);
  }

  clear(): void {
    const { numbers, lows } = this;
    // Sooner than native code, which has to be called for it.
    for (let slot = 0; slot < numbers.length; slot++) numbers[slot] = lows[slot] = 0;
  }

  isZero(): boolean {
    const { numbers, lows } = this;
    for (let slot = 0; slot < numbers.length; slot++) if (numbers[slot] !== 0 || lows[slot] !== 0) return false;
    return true;
  }

  /** @param sign -1 to take back */
  add(other: SlotSums, sign: 1 | -1 = 1): void {
    const { numbers, lows } = this;
    for (let slot = 0; slot < numbers.length; slot++) {
      (numbers[slot] as number) += sign * (other.numbers[slot] as number);
      if (other.lows[slot] !== 0) this.#carry(slot, (lows[slot] as number) + sign * (other.lows[slot] as number));
    }
  }

  copy(slot: number, from: SlotSums, fromSlot: number): void {
    this.numbers[slot] = from.numbers[fromSlot] as number;
    this.lows[slot] = from.lows[fromSlot] as number;
  }

  setMoney(slot: number, sum: ExactSum): void {
    const { smallValue } = sum;
    if (smallValue !== null) this.#setSmall(slot, smallValue);
    else {
      const { value } = sum;
      this.numbers[slot] = Number(value >> 32n);
      this.lows[slot] = Number(value & LOW_BITS);
    }
  }

  /** Adds money as a multiple of 2^32 and what is left of it, which may be of any size. */
  addParts(slot: number, high: number, low: number): void {
    (this.numbers[slot] as number) += high;
    this.#carry(slot, (this.lows[slot] as number) + low);
  }

  addMoneyTo(into: ExactSum, slot: number): void {
    const [high, low] = [this.numbers[slot] as number, this.lows[slot] as number];
    if (Math.abs(high) < SMALL_HIGH_MAX) into.addNumber(high * LOW_UNIT + low);
    else into.addBig((BigInt(high) << 32n) + BigInt(low));
  }

  writeNumber(slot: number, bytes: Uint8Array, at: number): number {
    return writeVarint(bytes, at, zigzag(held(this.numbers[slot] as number)));
  }

  readNumber(slot: number, reader: ByteReader): void {
    this.numbers[slot] = unzigzag(readVarint(reader));
  }

  /**
   * Prices are whole thousands, mostly, of 10^-12 USD a token, and so are their products: the last two bits say what
   * the rest counts in. What is too large for that is its two parts.
   */
  writeMoney(slot: number, bytes: Uint8Array, at: number): number {
    const [high, low] = [this.numbers[slot] as number, this.lows[slot] as number];
    if (!(Math.abs(high) < SMALL_HIGH_MAX)) {
      const next = writeVarint(bytes, writeVarint(bytes, at, LARGE), zigzag(held(high)));
      return writeVarint(bytes, next, low);
    }
    const value = high * LOW_UNIT + low;
    let code = 0;
    if (value % MONEY_UNITS[1] === 0) code = value % MONEY_UNITS[2] === 0 ? 2 : 1;
    return writeVarint(bytes, at, zigzag(value / (MONEY_UNITS[code] as number)) * CODES + code);
  }

  readMoney(slot: number, reader: ByteReader): void {
    const coded = readVarint(reader);
    const rest = Math.floor(coded / CODES);
    const code = coded - rest * CODES;
    if (code !== LARGE) {
      this.#setSmall(slot, unzigzag(rest) * (MONEY_UNITS[code] as number));
      return;
    }
    this.numbers[slot] = unzigzag(readVarint(reader));
    this.lows[slot] = readVarint(reader);
  }

  #setSmall(slot: number, value: number): void {
    const high = Math.floor(value / LOW_UNIT);
    this.numbers[slot] = high;
    this.lows[slot] = value - high * LOW_UNIT;
  }

  #carry(slot: number, low: number): void {
    const carried = Math.floor(low / LOW_UNIT);
    (this.numbers[slot] as number) += carried;
    this.lows[slot] = low - carried * LOW_UNIT;
  }
}

const CODES = 4;
const LARGE = 3;
const MONEY_UNITS = [1, 1_000, 10_000] as const;
/** Up to here twice the value times the codes is exact. */
const SMALL_HIGH_MAX = 2 ** 17;
