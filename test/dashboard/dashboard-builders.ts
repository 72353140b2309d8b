import type { MetricsRow } from '../../src/dashboard/api-answers.ts';
import type { Snapshot } from '../../src/dashboard/snapshot.ts';
import type { Span } from '../../src/dashboard/time-range.ts';
import { DEFAULT_VIEW, type View } from '../../src/dashboard/view.ts';

export const MINUTE_MS = 60_000;
export const START_MS = Date.UTC(2026, 10, 29, 10);

export const minute = (minutes: number): string => new Date(START_MS + minutes * MINUTE_MS).toISOString();

/** A row of one minute. Only what charts and loads read of it is there. */
export function aRow(atMinute: number, parts: Partial<MetricsRow> = {}): MetricsRow {
  const nothing: Partial<MetricsRow> = {
    window_start: minute(atMinute),
    window_end: minute(atMinute + 1),
    requests: 0,
    completed: 0,
    errors: 0,
    in_flight: 0,
    unanswered: 0,
    prompt_tokens: 0,
    cached_prompt_tokens: 0,
    completion_tokens: 0,
    estimated_cost_usd: 0,
    p50_latency_ms: null,
    p95_latency_ms: null,
    p99_latency_ms: null,
    p95_ttft_ms: null,
  };
  return { ...nothing, ...parts } as MetricsRow;
}

export const aView = (parts: Partial<View> = {}): View => ({
  ...DEFAULT_VIEW,
  zone: 'utc',
  tenant: 'acme',
  ...parts,
});

/** Of `minutes` minutes from the start on, all of them complete. */
export function aSnapshot(minutes: number, parts: Partial<Snapshot> = {}): Snapshot {
  const span: Span = { fromMs: START_MS, toMs: START_MS + minutes * MINUTE_MS, step: '1m', zone: 'UTC' };
  return {
    tenant: 'acme',
    view: aView(),
    loadedAtMs: span.toMs,
    span,
    total: null,
    previous: null,
    breakdown: [],
    rows: 'route,model',
    rowCount: 0,
    isBreakdownOfNow: true,
    steps: [],
    groups: [],
    split: 'none',
    completeness: { as_of: minute(minutes), complete_until: minute(minutes), lag_ms: 0 },
    ...parts,
  };
}
