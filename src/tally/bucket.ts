/**
 * Which bucket of a scale-5 exponential histogram holds a value, and back.
 *
 * The layout is that of an OpenTelemetry exponential histogram of scale 5 and of a Prometheus native histogram of
 * schema 5: bucket `i` holds `(base^i, base^(i+1)]` with `base = 2^(1/32)`. The buckets never depend on the
 * data, so histograms merge exactly by adding counts. Scale 5 was chosen because its relative error stays within 1.1 %.
 */
const SCALE = 5;
const BUCKETS_PER_OCTAVE = 2 ** SCALE;

/** OpenTelemetry's logarithm mapping: `floor(ln(value) * scaleFactor)` except at exact powers of two. */
const SCALE_FACTOR = Math.LOG2E * BUCKETS_PER_OCTAVE;

/** Index of the bucket for `value` > 0. */
export function bucketIndex(value: number): number {
  const octave = Math.log2(value);
  // A power of two is an upper bound, thus inside the lower bucket; rounding in `log` must not decide about it.
  if (Number.isInteger(octave) && 2 ** octave === value) return octave * BUCKETS_PER_OCTAVE - 1;
  return Math.floor(Math.log(value) * SCALE_FACTOR);
}

/** The exclusive lower bound of bucket `index`; the inclusive upper bound is that of `index + 1`. */
export function bucketLowerBound(index: number): number {
  return 2 ** (index / BUCKETS_PER_OCTAVE);
}

/**
 * The value that stands for a bucket: the harmonic mean of its bounds, which makes the largest relative error
 * equal at both ends, `(base - 1) / (base + 1)` = 1.083 %.
 */
export function bucketValue(index: number): number {
  const lower = bucketLowerBound(index);
  const upper = bucketLowerBound(index + 1);
  return (2 * lower * upper) / (lower + upper);
}
