import { useMemo } from 'preact/hooks';
import { Chart } from './chart.tsx';
import { callsChart, costChart, latencyChart, tokensChart } from './chart-series.ts';
import { formatCount, formatMs, formatUsd } from './format-number.ts';
import { Segments } from './segments.tsx';
import type { Snapshot } from './snapshot.ts';
import { STEPS_MS } from './time-range.ts';
import type { ChangeView } from './use-view.ts';
import type { View } from './view.ts';

export interface ChartsProps {
  readonly snapshot: Snapshot;
  readonly view: View;
  readonly theme: string;
  readonly change: ChangeView;
}

const SPLITS = [
  { value: 'none', label: 'Nothing' },
  { value: 'route', label: 'Route' },
  { value: 'model', label: 'Model' },
] as const;

/** The four charts over time, whole or split. */
export function Charts({ snapshot, view, theme, change }: ChartsProps) {
  const content = useMemo(
    () => ({
      calls: callsChart(snapshot),
      latency: latencyChart(snapshot),
      tokens: tokensChart(snapshot),
      cost: costChart(snapshot),
    }),
    [snapshot],
  );
  const stepMs = STEPS_MS[snapshot.span.step];
  const onSelect = (fromMs: number, toMs: number): void =>
    change({ range: 'custom', fromMs: Math.round(fromMs), toMs: Math.round(toMs) });
  const common = { stepMs, theme, onSelect };
  const isSplit = snapshot.split !== 'none';
  return (
    <section aria-labelledby="charts-title">
      <header class="section-head">
        <h2 id="charts-title">Over time</h2>
        <span class="hint wide-only">{stepName(snapshot.span.step)} per bar · drag to zoom</span>
        <Segments
          legend="Split by"
          isLegendShown
          name="split"
          options={SPLITS}
          value={view.split}
          onChange={(split) => change({ split })}
        />
      </header>
      <div class="chart-grid">
        <Chart {...common} title="Calls and errors" content={content.calls} format={formatCount} />
        <Chart {...common} title={isSplit ? 'Latency, p95' : 'Latency'} content={content.latency} format={formatMs} />
        <Chart {...common} title="Tokens" content={content.tokens} format={formatCount} />
        <Chart {...common} title="Estimated cost" content={content.cost} format={formatUsd} />
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
