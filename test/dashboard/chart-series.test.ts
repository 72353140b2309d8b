import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ChartContent,
  callsChart,
  costChart,
  errorRateChart,
  firstTokenChart,
  latencyChart,
  provisionalFromMs,
  tokensChart,
} from '../../src/dashboard/chart-series.ts';
import { aRow, aSnapshot, MINUTE_MS, minute, START_MS } from './dashboard-builders.ts';

const valuesOf = ({ series }: ChartContent): object =>
  Object.fromEntries(series.map(({ label, values }) => [label, values]));
const shapesOf = ({ series }: ChartContent): readonly string[] => series.map(({ shape }) => shape);

const WHOLE = aSnapshot(3, {
  steps: [
    aRow(0, {
      requests: 10,
      completed: 8,
      errors: 2,
      in_flight: 1,
      unanswered: 1,
      prompt_tokens: 100,
      cached_prompt_tokens: 30,
      completion_tokens: 7,
      estimated_cost_usd: 0.5,
      p50_latency_ms: 1,
      p95_latency_ms: 2,
      p99_latency_ms: 3,
      p95_ttft_ms: 4,
    }),
    aRow(2, { requests: 1, in_flight: 1 }),
  ],
});

test('each call is in one of the stacked parts, and a step without rows is a gap', () => {
  const chart = callsChart(WHOLE);
  assert.deepEqual(valuesOf(chart), { Errors: [2, null, 0], Succeeded: [6, null, 0], 'No answer yet': [2, null, 1] });
  assert.deepEqual(shapesOf(chart), ['bar', 'bar', 'bar']);
  assert.deepEqual(
    chart.startsMs,
    [0, 1, 2].map((at) => START_MS + at * MINUTE_MS),
  );
});

test('the error rate is of what was answered: of no answers there is none', () => {
  assert.deepEqual(valuesOf(errorRateChart(WHOLE)), { 'Error rate': [0.25, null, null] });
});

test('each quantile is a line of its own', () => {
  const chart = latencyChart(WHOLE);
  assert.deepEqual(valuesOf(chart), { p50: [1, null, null], p95: [2, null, null], p99: [3, null, null] });
  assert.deepEqual(shapesOf(chart), ['line', 'line', 'line']);
  assert.deepEqual(valuesOf(firstTokenChart(WHOLE)), { p95: [4, null, null] });
});

test('cached tokens are a part of the prompt and counted once', () => {
  assert.deepEqual(valuesOf(tokensChart(WHOLE)), {
    Prompt: [70, null, 0],
    'Prompt, cached': [30, null, 0],
    Completion: [7, null, 0],
  });
  assert.deepEqual(valuesOf(costChart(WHOLE)), { 'Estimated cost': [0.5, null, 0] });
});

const SPLIT = aSnapshot(2, {
  split: 'model',
  steps: [aRow(0, { requests: 10, completed: 4, errors: 1, estimated_cost_usd: 0.3 }), aRow(1, { requests: 3 })],
  groups: [
    { name: 'big', steps: [aRow(0, { requests: 6, completed: 2, errors: 1, estimated_cost_usd: 0.1 })] },
    { name: 'small', steps: [aRow(0, { requests: 1, estimated_cost_usd: 0.2 }), aRow(1, { requests: 3 })] },
  ],
});

test('what the named groups leave of the whole is the others', () => {
  assert.deepEqual(valuesOf(callsChart(SPLIT)), { big: [6, null], small: [1, 3], Others: [3, 0] });
});

test('where the named groups are all, there are no others, though fractions do not add up exactly', () => {
  assert.notEqual(0.1 + 0.2, 0.3);
  assert.deepEqual(Object.keys(valuesOf(costChart(SPLIT))), ['big', 'small']);
});

test('rates and quantiles of groups are lines, which have no others', () => {
  for (const chart of [errorRateChart(SPLIT), latencyChart(SPLIT), firstTokenChart(SPLIT)]) {
    assert.deepEqual(
      [Object.keys(valuesOf(chart)), shapesOf(chart)],
      [
        ['big', 'small'],
        ['line', 'line'],
      ],
    );
  }
  assert.deepEqual(valuesOf(errorRateChart(SPLIT)), { big: [0.5, null], small: [null, null] });
});

test('groups have the colours in their order, beginning again after the sixth', () => {
  const groups = Array.from({ length: 7 }, (_, index) => ({ name: `${index}`, steps: [] }));
  const { series } = latencyChart(aSnapshot(1, { split: 'route', groups }));
  assert.deepEqual(
    series.map(({ colour }) => colour),
    [1, 2, 3, 4, 5, 6, 1].map((number) => `series-${number}`),
  );
});

test('a step is provisional until everything is in the numbers up to its end', () => {
  const { span } = aSnapshot(3);
  const from = (asOf: number, until: number | null): number | null => {
    const completeness = { as_of: minute(asOf), complete_until: until === null ? null : minute(until), lag_ms: 0 };
    const fromMs = provisionalFromMs(span, completeness);
    return fromMs === null ? null : (fromMs - START_MS) / MINUTE_MS;
  };
  assert.deepEqual([from(9, 3), from(9, 2.9), from(9, 2), from(9, 0)], [null, 2, 2, 0]);
  // Log time may be ahead of the moment at which the numbers were read.
  assert.equal(from(1, 9), 1);
  assert.equal(from(2, null), 2);
});
