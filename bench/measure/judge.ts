/** Of the ratios now : before of pairs of runs, one pair after the other on the same machine. */
export interface Judgement {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly isSlower: boolean;
}

/**
 * Slower means that the median of the pairs is below `ratioMin` and the upper quartile too: three of four pairs say so.
 * Another program on the machine slows single runs down, and so single pairs, in either direction; a change of the code
 * slows all of them.
 */
export function judge(ratios: readonly number[], ratioMin: number): Judgement {
  const sorted = ratios.toSorted((a, b) => a - b);
  const [lowerQuartile, median, upperQuartile] = [0.25, 0.5, 0.75].map((share) => quantileOf(sorted, share)) as [
    number,
    number,
    number,
  ];
  return { median, lowerQuartile, upperQuartile, isSlower: median < ratioMin && upperQuartile < ratioMin };
}

/** Between two values in proportion, as most tools do. */
function quantileOf(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
