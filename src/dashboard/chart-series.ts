import type { MetricsRow } from './api-answers.ts';
import type { Snapshot } from './snapshot.ts';
import { stepStartsMs } from './time-range.ts';

/** A colour by its role; the style sheet has a value of each for light and dark. */
export type Colour = `series-${1 | 2 | 3 | 4 | 5 | 6}` | 'series-rest' | 'error' | 'open' | `quantile-${1 | 2 | 3}`;

export interface ChartSeries {
  readonly label: string;
  readonly colour: Colour;
  /** Bars stand on each other, lines do not. */
  readonly shape: 'bar' | 'line';
  readonly values: readonly (number | null)[];
}

export interface ChartContent {
  readonly startsMs: readonly number[];
  /** From the bottom of the stack to its top. */
  readonly series: readonly ChartSeries[];
}

type Measure = (row: MetricsRow) => number | null;

const calls: Measure = (row) => row.requests;
const tokens: Measure = (row) => row.prompt_tokens + row.completion_tokens;
const cost: Measure = (row) => row.estimated_cost_usd;

export function callsChart(snapshot: Snapshot): ChartContent {
  const { steps, split } = snapshot;
  const errors = seriesOf(snapshot, steps, { label: 'Errors', colour: 'error', measure: (row) => row.errors });
  if (split !== 'none') {
    return { startsMs: stepStartsMs(snapshot.span), series: [...stack(snapshot, calls), { ...errors, shape: 'line' }] };
  }
  const open: Measure = (row) => row.in_flight + row.unanswered;
  return {
    startsMs: stepStartsMs(snapshot.span),
    series: [
      errors,
      seriesOf(snapshot, steps, {
        label: 'Succeeded',
        colour: 'series-1',
        measure: (row) => row.completed - row.errors,
      }),
      seriesOf(snapshot, steps, { label: 'No answer yet', colour: 'open', measure: open }),
    ],
  };
}

export function latencyChart(snapshot: Snapshot): ChartContent {
  const startsMs = stepStartsMs(snapshot.span);
  if (snapshot.split !== 'none') {
    const series = snapshot.groups.map(({ name, steps }, index) => ({
      ...seriesOf(snapshot, steps, { label: name, colour: groupColour(index), measure: (row) => row.p95_latency_ms }),
      shape: 'line' as const,
    }));
    return { startsMs, series };
  }
  const quantile = (label: string, colour: Colour, measure: Measure): ChartSeries => ({
    ...seriesOf(snapshot, snapshot.steps, { label, colour, measure }),
    shape: 'line',
  });
  return {
    startsMs,
    series: [
      quantile('p50', 'quantile-1', (row) => row.p50_latency_ms),
      quantile('p95', 'quantile-2', (row) => row.p95_latency_ms),
      quantile('p99', 'quantile-3', (row) => row.p99_latency_ms),
    ],
  };
}

export function tokensChart(snapshot: Snapshot): ChartContent {
  const startsMs = stepStartsMs(snapshot.span);
  if (snapshot.split !== 'none') return { startsMs, series: stack(snapshot, tokens) };
  const part = (label: string, colour: Colour, measure: Measure): ChartSeries =>
    seriesOf(snapshot, snapshot.steps, { label, colour, measure });
  return {
    startsMs,
    series: [
      part('Prompt', 'series-1', (row) => row.prompt_tokens - row.cached_prompt_tokens),
      part('Prompt, cached', 'series-2', (row) => row.cached_prompt_tokens),
      part('Completion', 'series-3', (row) => row.completion_tokens),
    ],
  };
}

export function costChart(snapshot: Snapshot): ChartContent {
  const startsMs = stepStartsMs(snapshot.span);
  if (snapshot.split !== 'none') return { startsMs, series: stack(snapshot, cost) };
  const whole = seriesOf(snapshot, snapshot.steps, { label: 'Estimated cost', colour: 'series-1', measure: cost });
  return { startsMs, series: [whole] };
}

/** The busiest groups, and what they leave of the whole. */
function stack(snapshot: Snapshot, measure: Measure): readonly ChartSeries[] {
  const groups = snapshot.groups.map(({ name, steps }, index) =>
    seriesOf(snapshot, steps, { label: name, colour: groupColour(index), measure }),
  );
  const whole = seriesOf(snapshot, snapshot.steps, { label: 'Others', colour: 'series-rest', measure });
  const rest = whole.values.map((value, index) => {
    const named = groups.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
    const left = (value ?? 0) - named;
    // Costs are sums of fractions in another order: what is left of them is dust.
    return left > (value ?? 0) * 1e-9 ? left : 0;
  });
  return rest.some((value) => value > 0) ? [...groups, { ...whole, values: rest }] : groups;
}

function groupColour(index: number): Colour {
  return `series-${((index % 6) + 1) as 1 | 2 | 3 | 4 | 5 | 6}`;
}

interface SeriesShape {
  readonly label: string;
  readonly colour: Colour;
  readonly measure: Measure;
}

/** Puts rows, which are absent where nothing happened, at their place on the axis. */
function seriesOf(
  snapshot: Snapshot,
  rows: readonly MetricsRow[],
  { label, colour, measure }: SeriesShape,
): ChartSeries {
  const byStart = new Map(rows.map((row) => [Date.parse(row.window_start), row]));
  const values = stepStartsMs(snapshot.span).map((startMs) => {
    const row = byStart.get(startMs);
    return row === undefined ? null : measure(row);
  });
  return { label, colour, shape: 'bar', values };
}
