import { useMemo, useState } from 'preact/hooks';
import { Chart } from './chart.tsx';
import { callsChart, costChart, errorRateChart, firstTokenChart, latencyChart, tokensChart } from './chart-series.ts';
import { type DimensionName, optionsOf } from './dimension-names.ts';
import { formatCount, formatMs, formatShare, formatUsd } from './format-number.ts';
import { Legend } from './legend.tsx';
import { Segments } from './segments.tsx';
import type { Snapshot } from './snapshot.ts';
import { STEPS_MS } from './time-range.ts';
import { useTimes } from './times-context.ts';
import type { ChangeView } from './use-view.ts';
import { isByHour, type View, zoomedView } from './view.ts';

export interface ChartsProps {
  readonly snapshot: Snapshot;
  readonly view: View;
  readonly theme: string;
  /** By what else the charts may be split. */
  readonly dimensions: readonly DimensionName[];
  readonly change: ChangeView;
}

const SPLITS_OF_ONE = [
  { value: 'none', label: 'Nothing' },
  { value: 'route', label: 'Route' },
  { value: 'model', label: 'Model' },
] as const;
const SPLITS_OF_ALL = [SPLITS_OF_ONE[0], { value: 'tenant', label: 'Tenant' }, ...SPLITS_OF_ONE.slice(1)] as const;

/** The charts over time, whole or split. */
export function Charts({ snapshot, view, theme, dimensions, change }: ChartsProps) {
  const content = useMemo(
    () => ({
      calls: callsChart(snapshot),
      errors: errorRateChart(snapshot),
      latency: latencyChart(snapshot),
      firstToken: firstTokenChart(snapshot),
      tokens: tokensChart(snapshot),
      cost: costChart(snapshot),
    }),
    [snapshot],
  );
  const times = useTimes();
  const { span } = snapshot;
  const stepMs = STEPS_MS[span.step];
  const onSelect = (fromMs: number, toMs: number): void =>
    change({ range: 'custom', fromMs: Math.round(fromMs), toMs: Math.round(toMs) });
  const onZoom = (factor: number): void => change(zoomedView(view, factor, Date.now()));
  const [alone, setAlone] = useState<string | null>(null);
  const isSplit = snapshot.split !== 'none';
  const aloneOfAll = isSplit ? alone : undefined;
  const common = { aloneOfAll, stepMs, theme, onSelect, onZoom, zone: times.axisZone(span.fromMs, stepMs) };
  return (
    <section aria-labelledby="charts-title">
      <header class="section-head">
        <h2 id="charts-title">Over time</h2>
        <span class="hint">
          {times.range(span.fromMs, span.toMs, stepMs)} · {stepName(span.step)} per bar
          {span.step === '1h' && isByHour(snapshot.view) && ', as sums by a dimension are kept'}
          <span class="wide-only"> · drag or click to zoom in</span>
        </span>
        <button
          type="button"
          class="icon-button"
          aria-label="Zoom out: twice as much time"
          title="Twice as much time (or double-click a chart)"
          onClick={() => onZoom(2)}
        >
          <span aria-hidden="true">−</span>
        </button>
        <Segments
          legend="Split by"
          isLegendShown
          name="split"
          options={[...(view.tenant === null ? SPLITS_OF_ALL : SPLITS_OF_ONE), ...optionsOf(dimensions)]}
          value={view.split}
          onChange={(split) => change({ split })}
        />
      </header>
      {isSplit && <Legend series={content.calls.series} alone={alone} onAlone={setAlone} />}
      <div class="chart-grid">
        <Chart
          {...common}
          title={isSplit ? 'Calls' : 'Calls and errors'}
          content={content.calls}
          unit="count"
          format={formatCount}
        />
        <Chart {...common} title="Error rate" content={content.errors} unit="share" format={formatShare} />
        <Chart
          {...common}
          title={isSplit ? 'Latency, p95' : 'Latency'}
          content={content.latency}
          unit="ms"
          format={formatMs}
        />
        <Chart {...common} title="Time to first token, p95" content={content.firstToken} unit="ms" format={formatMs} />
        <Chart {...common} title="Tokens" content={content.tokens} unit="count" format={formatCount} />
        <Chart {...common} title="Estimated cost" content={content.cost} unit="usd" format={formatUsd} />
      </div>
    </section>
  );
}

function stepName(step: string): string {
  const names: Record<string, string> = {
    '1m': 'one minute',
    '5m': '5 minutes',
    '15m': '15 minutes',
    '1h': 'one hour',
    '1d': 'one day',
  };
  return names[step] ?? step;
}
