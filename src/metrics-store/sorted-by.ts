const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
/** Where operations on bits end. */
const INT_MAX = 2 ** 31 - 1;

/**
 * Places in the order of their keys, and among equal ones as they were: whole numbers from 0. Digits are counted, from
 * the last to the first, which for ten thousand takes a tenth of comparing.
 */
export function sortedBy(keys: ArrayLike<number>, places: Int32Array): Int32Array {
  const max = maxOf(keys);
  if (max > INT_MAX) return places.slice().sort((a, b) => (keys[a] as number) - (keys[b] as number));
  let from = places;
  for (let shift = 0; shift < 31 && max >>> shift > 0; shift += DIGIT_BITS) from = sortedByDigit(keys, from, shift);
  return from;
}

/** Loops by themselves: V8 compiles anew what it leaves for code that was not run yet, each time. */
function maxOf(keys: ArrayLike<number>): number {
  let max = 0;
  for (let place = 0; place < keys.length; place++) if ((keys[place] as number) > max) max = keys[place] as number;
  return max;
}

function sortedByDigit(keys: ArrayLike<number>, places: Int32Array, shift: number): Int32Array {
  const next = firstOfDigits(countsOfDigits(keys, places, shift));
  const sorted = new Int32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number;
    const digit = ((keys[place] as number) >>> shift) & (DIGITS - 1);
    sorted[(next[digit] as number)++] = place;
  }
  return sorted;
}

function countsOfDigits(keys: ArrayLike<number>, places: Int32Array, shift: number): Int32Array {
  const counts = new Int32Array(DIGITS);
  for (let i = 0; i < places.length; i++) {
    (counts[((keys[places[i] as number] as number) >>> shift) & (DIGITS - 1)] as number)++;
  }
  return counts;
}

/** In place. */
function firstOfDigits(counts: Int32Array): Int32Array {
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = counts[digit] as number;
    counts[digit] = start;
    start += count;
  }
  return counts;
}
