import { MINUTE_MS } from '../../tally/window.ts';

/** Which minutes of an hour a series has rows for, a bit for each; in two halves, as a number holds 53 bits exactly. */
export class MinuteBits {
  #first = 0;
  #second = 0;

  add(minute: number): void {
    if (minute < HALF_HOUR) this.#first |= 1 << minute;
    else this.#second |= 1 << (minute - HALF_HOUR);
  }

  /** As they are stored. */
  get stored(): bigint {
    return (BigInt(this.#second) << BigInt(HALF_HOUR)) | BigInt(this.#first);
  }
}

/** The minutes that stored bits tell of, ascending, by their start. */
export function minutesTold(stored: bigint, hourMs: number): number[] {
  const minutes: number[] = [];
  const halves = [stored & HALF_MASK, stored >> BigInt(HALF_HOUR)];
  for (const [half, bits] of halves.entries()) {
    for (let rest = Number(bits); rest !== 0; rest &= rest - 1) {
      minutes.push(hourMs + (half * HALF_HOUR + 31 - Math.clz32(rest & -rest)) * MINUTE_MS);
    }
  }
  return minutes;
}

const HALF_HOUR = 30;
const HALF_MASK = (1n << BigInt(HALF_HOUR)) - 1n;
