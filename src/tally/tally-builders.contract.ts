import fc from 'fast-check';
import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS, Tally } from './tally.ts';

interface TallyParts {
  readonly counts: fc.Arbitrary<number>;
  readonly money: fc.Arbitrary<bigint>;
  /** Buckets with their counts. */
  readonly buckets: fc.Arbitrary<[number, number][]>;
}

/** Any tallies, also such as no calls add up to, made of these. */
export function talliesOf({ counts, money, buckets }: TallyParts): fc.Arbitrary<Tally> {
  return fc
    .record({
      sums: fc.tuple(...TALLY_SUMS.map(() => counts)),
      maxima: fc.tuple(...TALLY_MAXIMA.map(() => fc.nat())),
      money: fc.tuple(...TALLY_EXACT_SUMS.map(() => money)),
      histograms: fc.tuple(...TALLY_HISTOGRAMS.map(() => fc.tuple(counts, buckets))),
    })
    .map((parts) => {
      const tally = new Tally();
      for (const [index, field] of TALLY_SUMS.entries()) tally[field] = parts.sums[index] ?? 0;
      for (const [index, field] of TALLY_MAXIMA.entries()) tally[field] = parts.maxima[index] ?? 0;
      for (const [index, field] of TALLY_EXACT_SUMS.entries()) tally[field].addBig(parts.money[index] ?? 0n);
      for (const [index, field] of TALLY_HISTOGRAMS.entries()) {
        const [zeroCount = 0, counted = []] = parts.histograms[index] ?? [];
        tally[field].zeroCount = zeroCount;
        for (const [bucket, count] of counted) if (count !== 0) tally[field].addBucket(bucket, count);
      }
      return tally;
    });
}

/** All that a tally says, in values that can be compared. */
export function plainTally(tally: Tally): unknown[] {
  return [
    ...[...TALLY_SUMS, ...TALLY_MAXIMA].map((field) => tally[field]),
    ...TALLY_EXACT_SUMS.map((field) => tally[field].value),
    ...TALLY_HISTOGRAMS.map((field) => [tally[field].zeroCount, tally[field].sortedBuckets()]),
  ];
}
