const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
/** Where operations on bits end. */
const INT_MAX = 2 ** 31 - 1;

/**
 * Places in the order of their keys, and among equal ones as they were: whole numbers from 0. Digits are counted, from
 * the last to the first, which for ten thousand takes a tenth of comparing.
 */
export function sortedBy(keys: readonly number[], places: Int32Array): Int32Array {
  let max = 0;
  for (const key of keys) if (key > max) max = key;
  if (max > INT_MAX) return places.slice().sort((a, b) => (keys[a] as number) - (keys[b] as number));
  let from = places;
  for (let shift = 0; shift < 31 && max >>> shift > 0; shift += DIGIT_BITS) from = sortedByDigit(keys, from, shift);
  return from;
}

function sortedByDigit(keys: readonly number[], places: Int32Array, shift: number): Int32Array {
  const next = new Int32Array(DIGITS);
  for (const place of places) (next[((keys[place] as number) >>> shift) & (DIGITS - 1)] as number)++;
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = next[digit] as number;
    next[digit] = start;
    start += count;
  }
  const sorted = new Int32Array(places.length);
  for (const place of places) {
    const digit = ((keys[place] as number) >>> shift) & (DIGITS - 1);
    sorted[(next[digit] as number)++] = place;
  }
  return sorted;
}
