import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { FAILURE_KINDS } from '../../events/error-kind.ts';
import { MS_TO_SECONDS } from '../prometheus/llm-families.ts';
import type { LlmReading } from '../prometheus/llm-metrics.ts';
import { type Durations, type LlmCounts, type LlmTotals, TOKEN_PARTS } from '../prometheus/llm-totals.ts';

const SCALE = 5;
const NO_BUCKETS = { offset: 0, bucketCounts: [] };

interface LlmSum {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly values: (counts: LlmCounts) => readonly (readonly [more: Attributes, value: number])[];
}

/** What the GenAI conventions have no instrument for. */
const SUMS: readonly LlmSum[] = [
  {
    name: 'streamlens.llm.calls',
    unit: '{call}',
    description: 'Calls of models whose request was seen',
    values: ({ calls }) => [[{}, calls]],
  },
  {
    name: 'streamlens.llm.completed',
    unit: '{call}',
    description: 'Calls of models that were answered, failures and cancelled ones included',
    values: ({ completed }) => [[{}, completed]],
  },
  {
    name: 'streamlens.llm.errors',
    unit: '{call}',
    description: 'Calls of models that failed, by kind',
    values: ({ errors }) => FAILURE_KINDS.map((kind) => [{ 'error.type': kind }, errors[kind]]),
  },
  {
    name: 'streamlens.llm.cancelled',
    unit: '{call}',
    description: 'Calls of models that their user stopped',
    values: ({ cancelled }) => [[{}, cancelled]],
  },
  {
    name: 'streamlens.llm.unanswered',
    unit: '{call}',
    description: 'Calls of models that were given up without an answer',
    values: ({ unanswered }) => [[{}, unanswered]],
  },
  {
    name: 'streamlens.llm.tokens',
    unit: '{token}',
    description:
      'Tokens by part; input, cache_read and cache_write are the prompt, output and reasoning the completion',
    values: ({ tokens }) => TOKEN_PARTS.map((part) => [{ 'streamlens.token.part': part }, tokens[part]]),
  },
  {
    name: 'streamlens.llm.cost',
    unit: 'USD',
    description: 'Cost of the calls that could be priced',
    values: ({ costUsd }) => [[{}, costUsd]],
  },
  {
    name: 'streamlens.llm.unpriced',
    unit: '{call}',
    description: 'Answered calls of models that could not be priced',
    values: ({ unpriced }) => [[{}, unpriced]],
  },
];

const DURATIONS = [
  {
    name: 'gen_ai.client.operation.duration',
    description: 'Time of a call of a model until its answer was complete',
    of: ({ latency }: LlmCounts) => latency,
  },
  {
    name: 'gen_ai.server.time_to_first_token',
    description: 'Time of a call of a model until the first token of its answer; the sum is within 1.1 %',
    of: ({ firstToken }: LlmCounts) => firstToken,
  },
] as const;

/**
 * A reading as OTLP: cumulative since the begin of the reading, so that a push that is lost or repeated harms nothing,
 * and every process that reads the store tells the same.
 */
export function llmMetricData(reading: LlmReading): MetricData[] {
  const times = { startTime: hrTime(reading.fromMs), endTime: hrTime(reading.atMs) };
  const series = reading.totals.map((total) => ({ attributes: attributesOf(total), counts: total.counts }));
  const points = <T>(values: (counts: LlmCounts) => readonly (readonly [Attributes, T])[]): DataPoint<T>[] =>
    series.flatMap(({ attributes, counts }) =>
      values(counts).map(([more, value]) => ({ ...times, attributes: { ...attributes, ...more }, value })),
    );
  const cumulative = { aggregationTemporality: AggregationTemporality.CUMULATIVE };
  return [
    ...SUMS.map(
      ({ values, ...about }): MetricData => ({
        ...cumulative,
        descriptor: { ...about, valueType: about.unit === 'USD' ? ValueType.DOUBLE : ValueType.INT },
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: points(values),
      }),
    ),
    ...DURATIONS.map(
      ({ of, ...about }): MetricData => ({
        ...cumulative,
        descriptor: { ...about, unit: 's', valueType: ValueType.DOUBLE },
        dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
        dataPoints: points((counts) => [[{}, exponentialHistogram(of(counts))]]),
      }),
    ),
    {
      ...cumulative,
      descriptor: {
        name: 'gen_ai.client.token.usage',
        unit: '{token}',
        description: 'Tokens of answered calls, all of the prompt and all of the completion; without buckets',
        valueType: ValueType.INT,
      },
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: points(tokenUsage),
    },
  ];
}

/** The convention has a histogram of the calls' tokens. The store keeps their sums: one bucket, of all calls. */
function tokenUsage({ completed, tokens }: LlmCounts) {
  const usage = (type: string, sum: number) => {
    const value = { buckets: { boundaries: [], counts: [completed] }, sum, count: completed };
    return [{ 'gen_ai.token.type': type }, value] as const;
  };
  const { input, cache_read: cacheRead, cache_write: cacheWrite, output, reasoning } = tokens;
  return [usage('input', input + cacheRead + cacheWrite), usage('output', output + reasoning)];
}

/** The names under which StreamLens itself reads tenant and route. */
function attributesOf({ tenantId, route, model }: LlmTotals): Attributes {
  return { 'streamlens.tenant_id': tenantId, 'streamlens.route': route, 'gen_ai.request.model': model };
}

/** Our buckets as they are, moved from ms to s: by 319 places, as for Prometheus. */
function exponentialHistogram({ zeroCount, buckets, sumMs }: Durations): ExponentialHistogram {
  const used = buckets.filter(([, count]) => count > 0);
  const first = used[0]?.[0] ?? 0;
  const last = used.at(-1)?.[0] ?? first - 1;
  const bucketCounts = Array.from({ length: last - first + 1 }, () => 0);
  let count = zeroCount;
  for (const [index, each] of used) {
    bucketCounts[index - first] = each;
    count += each;
  }
  const offset = used.length === 0 ? 0 : first - MS_TO_SECONDS;
  return {
    count,
    sum: sumMs / 1000,
    scale: SCALE,
    zeroCount,
    positive: { offset, bucketCounts },
    negative: NO_BUCKETS,
  };
}

function hrTime(ms: number): HrTime {
  return [Math.trunc(ms / 1000), Math.trunc(ms % 1000) * 1_000_000];
}
