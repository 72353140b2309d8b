import { FAILURE_KINDS } from '../../events/error-kind.ts';
import type { HistogramSeries, Labels, MetricFamily, NumberSeries } from '../../exposition/metric-family.ts';
import { type Durations, type LlmCounts, type LlmTotals, TOKEN_PARTS } from './llm-totals.ts';

/** Bounds of buckets in ms, so that no value lies on the wrong side: 2^6 ms to 2^17 ms. */
const BOUNDS = Array.from({ length: 12 }, (_, i) => ({ index: (i + 6) * 32 - 1, upperBound: 2 ** (i + 6) / 1000 }));

/**
 * 1000 is 2^(318.905/32). Moving a bucket by 319 places takes it from ms to seconds, a tenth of a bucket too low: its
 * bounds by 0.21 %.
 */
export const MS_TO_SECONDS = 319;
const SCHEMA = 5;
const ZERO_THRESHOLD_S = 1e-6;

interface LlmCounter {
  readonly name: string;
  readonly help: string;
  readonly values: (counts: LlmCounts) => readonly (readonly [label: Labels, value: number])[];
}

const COUNTERS: readonly LlmCounter[] = [
  {
    name: 'streamlens_llm_calls_total',
    help: 'Calls of models whose request was seen',
    values: ({ calls }) => [[{}, calls]],
  },
  {
    name: 'streamlens_llm_completed_total',
    help: 'Calls of models that were answered, failures and cancelled ones included',
    values: ({ completed }) => [[{}, completed]],
  },
  {
    name: 'streamlens_llm_errors_total',
    help: 'Calls of models that failed, by kind',
    values: ({ errors }) => FAILURE_KINDS.map((kind) => [{ kind }, errors[kind]]),
  },
  {
    name: 'streamlens_llm_cancelled_total',
    help: 'Calls of models that their user stopped',
    values: ({ cancelled }) => [[{}, cancelled]],
  },
  {
    name: 'streamlens_llm_unanswered_total',
    help: 'Calls of models that were given up without an answer',
    values: ({ unanswered }) => [[{}, unanswered]],
  },
  {
    name: 'streamlens_llm_tokens_total',
    help: 'Tokens by part; input, cache_read and cache_write are the prompt, output and reasoning the completion',
    values: ({ tokens }) => TOKEN_PARTS.map((part) => [{ part }, tokens[part]]),
  },
  {
    name: 'streamlens_llm_cost_usd_total',
    help: 'Cost of the calls that could be priced, in US dollars',
    values: ({ costUsd }) => [[{}, costUsd]],
  },
  {
    name: 'streamlens_llm_unpriced_calls_total',
    help: 'Answered calls of models that could not be priced',
    values: ({ unpriced }) => [[{}, unpriced]],
  },
];

const HISTOGRAMS = [
  {
    name: 'streamlens_llm_latency_seconds',
    help: 'Time of a call of a model until its answer was complete',
    of: ({ latency }: LlmCounts) => latency,
  },
  {
    name: 'streamlens_llm_time_to_first_token_seconds',
    help: 'Time of a call of a model until the first token of its answer; the sum is within 1.1 %',
    of: ({ firstToken }: LlmCounts) => firstToken,
  },
] as const;

export function llmFamilies(totals: readonly LlmTotals[]): readonly MetricFamily[] {
  const labelled = totals.map(({ tenantId, route, model, counts }) => ({
    labels: { tenant_id: tenantId, route, model },
    counts,
  }));
  const counters = COUNTERS.map(
    ({ name, help, values }): MetricFamily => ({
      name,
      help,
      type: 'counter',
      series: labelled.flatMap(({ labels, counts }) =>
        values(counts).map(([more, value]): NumberSeries => ({ labels: { ...labels, ...more }, value })),
      ),
    }),
  );
  const histograms = HISTOGRAMS.map(
    ({ name, help, of }): MetricFamily => ({
      name,
      help,
      type: 'histogram',
      series: labelled.map(({ labels, counts }) => histogramOf(labels, of(counts))),
    }),
  );
  return [...counters, ...histograms];
}

function histogramOf(labels: Labels, { zeroCount, buckets, sumMs }: Durations): HistogramSeries {
  let [count, next] = [zeroCount, 0];
  const classic = BOUNDS.map(({ index, upperBound }) => {
    for (; next < buckets.length && (buckets[next]?.[0] ?? 0) <= index; next++) count += buckets[next]?.[1] ?? 0;
    return { upperBound, cumulativeCount: count };
  });
  for (; next < buckets.length; next++) count += buckets[next]?.[1] ?? 0;
  const native = {
    schema: SCHEMA,
    zeroThreshold: ZERO_THRESHOLD_S,
    zeroCount,
    // Prometheus numbers a bucket by its upper bound, we by its lower one.
    buckets: buckets.map(([index, each]) => [index + 1 - MS_TO_SECONDS, each] as const),
  };
  return { labels, count, sum: sumMs / 1000, buckets: classic, native };
}
