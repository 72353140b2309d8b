import type { Completeness, MetricsRow } from './api-answers.ts';
import { isDimensionName, valueText } from './dimension-names.ts';
import type { Snapshot } from './snapshot.ts';
import { type Span, stepStartsMs } from './time-range.ts';

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
  /** From this step on more may come: what is drawn there is not yet what it will be. Null: all is complete. */
  readonly provisionalFromMs: number | null;
}

type Measure = (row: MetricsRow) => number | null;

const calls: Measure = (row) => row.requests;
const tokens: Measure = (row) => row.prompt_tokens + row.completion_tokens;
const cost: Measure = (row) => row.estimated_cost_usd;
const errorRate: Measure = (row) => (row.completed === 0 ? null : row.errors / row.completed);
const timeToFirstToken: Measure = (row) => row.p95_ttft_ms;

export function callsChart(snapshot: Snapshot): ChartContent {
  const { steps, split } = snapshot;
  if (split !== 'none') return { ...frame(snapshot), series: stack(snapshot, calls) };
  const errors = seriesOf(snapshot, steps, { label: 'Errors', colour: 'error', measure: (row) => row.errors });
  const open: Measure = (row) => row.in_flight + row.unanswered;
  return {
    ...frame(snapshot),
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

/** The share of answered calls that failed; of each group where split. */
export function errorRateChart(snapshot: Snapshot): ChartContent {
  if (snapshot.split !== 'none') return { ...frame(snapshot), series: linesOfGroups(snapshot, errorRate) };
  return {
    ...frame(snapshot),
    series: [lineOf(snapshot, { label: 'Error rate', colour: 'error', measure: errorRate })],
  };
}

export function latencyChart(snapshot: Snapshot): ChartContent {
  if (snapshot.split !== 'none') {
    return { ...frame(snapshot), series: linesOfGroups(snapshot, (row) => row.p95_latency_ms) };
  }
  return {
    ...frame(snapshot),
    series: [
      lineOf(snapshot, { label: 'p50', colour: 'quantile-1', measure: (row) => row.p50_latency_ms }),
      lineOf(snapshot, { label: 'p95', colour: 'quantile-2', measure: (row) => row.p95_latency_ms }),
      lineOf(snapshot, { label: 'p99', colour: 'quantile-3', measure: (row) => row.p99_latency_ms }),
    ],
  };
}

export function firstTokenChart(snapshot: Snapshot): ChartContent {
  if (snapshot.split !== 'none') return { ...frame(snapshot), series: linesOfGroups(snapshot, timeToFirstToken) };
  const whole = lineOf(snapshot, { label: 'p95', colour: 'quantile-2', measure: timeToFirstToken });
  return { ...frame(snapshot), series: [whole] };
}

export function tokensChart(snapshot: Snapshot): ChartContent {
  if (snapshot.split !== 'none') return { ...frame(snapshot), series: stack(snapshot, tokens) };
  const part = (label: string, colour: Colour, measure: Measure): ChartSeries =>
    seriesOf(snapshot, snapshot.steps, { label, colour, measure });
  return {
    ...frame(snapshot),
    series: [
      part('Prompt', 'series-1', (row) => row.prompt_tokens - row.cached_prompt_tokens),
      part('Prompt, cached', 'series-2', (row) => row.cached_prompt_tokens),
      part('Completion', 'series-3', (row) => row.completion_tokens),
    ],
  };
}

export function costChart(snapshot: Snapshot): ChartContent {
  if (snapshot.split !== 'none') return { ...frame(snapshot), series: stack(snapshot, cost) };
  const whole = seriesOf(snapshot, snapshot.steps, { label: 'Estimated cost', colour: 'series-1', measure: cost });
  return { ...frame(snapshot), series: [whole] };
}

function frame({ span, completeness }: Snapshot): Pick<ChartContent, 'startsMs' | 'provisionalFromMs'> {
  return { startsMs: stepStartsMs(span), provisionalFromMs: provisionalFromMs(span, completeness) };
}

/** The start of the first step whose end is not passed by the time up to which every event is in the numbers. */
export function provisionalFromMs(span: Span, { as_of: asOf, complete_until: until }: Completeness): number | null {
  const completeMs = Math.min(Date.parse(until ?? asOf), Date.parse(asOf));
  const startsMs = stepStartsMs(span);
  return startsMs.find((_, index) => (startsMs[index + 1] ?? span.toMs) > completeMs) ?? null;
}

function lineOf(snapshot: Snapshot, shape: SeriesShape): ChartSeries {
  return { ...seriesOf(snapshot, snapshot.steps, shape), shape: 'line' };
}

function linesOfGroups(snapshot: Snapshot, measure: Measure): readonly ChartSeries[] {
  return snapshot.groups.map(({ name, steps }, index) => ({
    ...seriesOf(snapshot, steps, { label: groupLabel(name, snapshot), colour: groupColour(index), measure }),
    shape: 'line' as const,
  }));
}

/** The busiest groups, and what they leave of the whole. */
function stack(snapshot: Snapshot, measure: Measure): readonly ChartSeries[] {
  const groups = snapshot.groups.map(({ name, steps }, index) =>
    seriesOf(snapshot, steps, { label: groupLabel(name, snapshot), colour: groupColour(index), measure }),
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

function groupLabel(name: string, { split }: Snapshot): string {
  return isDimensionName(split) ? valueText(name, split) : name;
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
