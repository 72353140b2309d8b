import uPlot from 'uplot';
import { AXIS_STEPS, axisMs, axisShare, type Unit } from './axis-steps.ts';
import { fadeProvisional } from './chart-provisional.ts';
import type { ChartContent, ChartSeries } from './chart-series.ts';
import { colourOf } from './colours.ts';

export interface ChartStyle {
  readonly unit: Unit;
  readonly format: (value: number) => string;
  readonly stepMs: number;
  /** The time zone of the axis. */
  readonly zone: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface ChartHooks {
  /** The cursor moved, or left. */
  readonly onCursor: (plot: uPlot) => void;
  /** A stretch of time was chosen with the pointer. */
  readonly onSelect: (fromMs: number, toMs: number) => void;
  /** See `ChartContent`; read at each drawing. */
  readonly provisionalFromMs: () => number | null;
}

/** Moves the cross-hair of all charts together. */
const SYNC_KEY = 'streamlens';
const AXIS_FONT = '11px Inter, system-ui, sans-serif';
const BAR_PX_MAX = 44;
const SELECTION_PX_MIN = 8;

/**
 * The values as they are drawn: times in seconds, then the series from the top of the stack to its bottom, each summed
 * with those below, so that every bar is painted over the taller one behind it; lines last.
 */
export function plotData({ startsMs, series }: ChartContent): uPlot.AlignedData {
  const sums = startsMs.map(() => 0);
  const stacked = series
    .filter(({ shape }) => shape === 'bar')
    .map(({ values }) =>
      values.map((value, index) => {
        const sum = (sums[index] ?? 0) + (value ?? 0);
        sums[index] = sum;
        return sum === 0 ? null : sum;
      }),
    );
  const lines = series.filter(({ shape }) => shape === 'line').map(({ values }) => [...values]);
  return [startsMs.map((ms) => ms / 1000), ...stacked.toReversed(), ...lines];
}

export function plotOptions(content: ChartContent, style: ChartStyle, hooks: ChartHooks): uPlot.Options {
  const bars = content.series.filter(({ shape }) => shape === 'bar').toReversed();
  const lines = content.series.filter(({ shape }) => shape === 'line');
  return {
    width: style.widthPx,
    height: style.heightPx,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    focus: { alpha: 1 },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), style.zone),
    cursor: {
      sync: { key: SYNC_KEY, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      // A click and a double click mean something of their own here.
      bind: { dblclick: () => null },
      points: { show: lines.length > 0 && bars.length === 0, size: 7 },
      y: false,
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: true, range: (_plot, min, max) => [min, max + style.stepMs / 1000] }, y: { range: yRange } },
    axes: [timeAxis(), valueAxis(style)],
    series: [{}, ...bars.map(barSeries), ...lines.map(lineSeries)],
    hooks: {
      draw: [(plot) => fadeProvisional(plot, hooks.provisionalFromMs())],
      setCursor: [hooks.onCursor],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < SELECTION_PX_MIN) return;
          const [fromMs, toMs] = [plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          hooks.onSelect(fromMs, toMs);
        },
      ],
    },
  };
}

/** From 0, with a little air above; a chart of nothing keeps an axis. */
function yRange(_plot: uPlot, _min: number, max: number): [number, number] {
  return max > 0 ? [0, max * 1.08] : [0, 1];
}

function timeAxis(): uPlot.Axis {
  return {
    stroke: colourOf('text-soft'),
    font: AXIS_FONT,
    size: 26,
    gap: 4,
    space: 64,
    grid: { show: false },
    ticks: { show: false },
    values: [
      [365 * 86_400, '{YYYY}', null, null, null, null, null, null, 1],
      [28 * 86_400, '{MMM}', ' {YYYY}', null, null, null, null, null, 1],
      [86_400, '{D} {MMM}', null, null, null, null, null, null, 1],
      // Where a day begins, its date takes the place of the hour.
      [3600, '{HH}:{mm}', '{D} {MMM}', null, '{D} {MMM}', null, null, null, 0],
      [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
      [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
    ],
  };
}

function valueAxis({ unit, format }: ChartStyle): uPlot.Axis {
  const text = unit === 'ms' ? axisMs : unit === 'share' ? axisShare : format;
  return {
    stroke: colourOf('text-soft'),
    font: AXIS_FONT,
    // One width for all, so that the charts' times stand under each other.
    size: 56,
    gap: 6,
    space: 36,
    incrs: [...AXIS_STEPS[unit]],
    grid: { stroke: colourOf('grid'), width: 1 },
    ticks: { show: false },
    values: (_plot, splits) => splits.map((value) => (value === 0 ? '0' : text(value))),
  };
}

function barSeries({ label, colour }: ChartSeries): uPlot.Series {
  const build = uPlot.paths.bars?.({ size: [0.84, BAR_PX_MAX], align: 1 });
  return {
    label,
    fill: colourOf(colour),
    // Without an outline: uPlot fills bars that are too narrow for theirs with its colour instead of their own.
    width: 0,
    points: { show: false },
    ...(build === undefined ? {} : { paths: build }),
  };
}

function lineSeries({ label, colour }: ChartSeries): uPlot.Series {
  return {
    label,
    stroke: colourOf(colour),
    width: 1.75,
    // A step without a call has no latency; one alone must not be invisible.
    points: { show: true, size: 4, fill: colourOf(colour), stroke: colourOf(colour), filter: lonely },
  };
}

/** Points without a neighbour on either side. */
function lonely(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}
