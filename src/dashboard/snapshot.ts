import type { Api, Parameters } from './api.ts';
import type { Completeness, MetricsAnswer, MetricsRow, SummaryAnswer } from './api-answers.ts';
import { type Span, STEPS_MS } from './time-range.ts';
import { type Split, spanOf, type View } from './view.ts';

/** The metrics of a view at one moment. */
export interface Snapshot {
  readonly tenant: string;
  readonly span: Span;
  /** The whole range as one row; null where no call is in it. */
  readonly total: MetricsRow | null;
  /** One row per route and model, busiest first. */
  readonly breakdown: readonly MetricsRow[];
  readonly pairCount: number;
  readonly steps: readonly MetricsRow[];
  readonly groups: readonly SplitGroup[];
  readonly split: Split;
  readonly completeness: Completeness;
}

/** One route or model over time. */
export interface SplitGroup {
  readonly name: string;
  readonly steps: readonly MetricsRow[];
}

/** More than these cannot be told apart by colour; the rest is drawn as one. */
const GROUPS_MAX = 6;
const ROWS_MAX = 10_000;
const BREAKDOWN_MAX = 500;

/** Asks all that the charts, the figures and the breakdown need. @throws {ApiError} */
export async function loadSnapshot(api: Api, view: View & { tenant: string }, signal: AbortSignal): Promise<Snapshot> {
  const span = spanOf(view, Date.now());
  const question = {
    tenant_id: view.tenant,
    route: view.route,
    model: view.model,
    from: new Date(span.fromMs).toISOString(),
    to: new Date(span.toMs).toISOString(),
  };
  const [total, breakdown, steps, groups] = await Promise.all([
    api.get<SummaryAnswer>('/v1/metrics/summary', question, signal),
    api.get<SummaryAnswer>(
      '/v1/metrics/summary',
      { ...question, group_by: 'route,model', limit: BREAKDOWN_MAX },
      signal,
    ),
    api.get<MetricsAnswer>('/v1/metrics', stepQuestion(question, span, 'none'), signal),
    loadGroups(api, { question, span, split: view.split }, signal),
  ]);
  const { as_of, complete_until, lag_ms } = total;
  return {
    tenant: view.tenant,
    span,
    total: total.summary[0] ?? null,
    breakdown: breakdown.summary,
    pairCount: breakdown.group_count,
    steps: steps.metrics,
    groups,
    split: view.split,
    completeness: { as_of, complete_until, lag_ms },
  };
}

interface SplitQuestion {
  readonly question: Parameters;
  readonly span: Span;
  readonly split: Split;
}

/** The busiest groups over time, busiest first: in one answer where it holds them all, else one by one. */
async function loadGroups(
  api: Api,
  { question, span, split }: SplitQuestion,
  signal: AbortSignal,
): Promise<readonly SplitGroup[]> {
  if (split === 'none') return [];
  const answer = await api.get<SummaryAnswer>(
    '/v1/metrics/summary',
    { ...question, group_by: split, limit: GROUPS_MAX },
    signal,
  );
  const names = answer.summary.map((row) => row[split] ?? '');
  const stepCount = (span.toMs - span.fromMs) / STEPS_MS[span.step];
  if (answer.group_count * stepCount <= ROWS_MAX) {
    const { metrics } = await api.get<MetricsAnswer>('/v1/metrics', stepQuestion(question, span, split), signal);
    return names.map((name) => ({ name, steps: metrics.filter((row) => row[split] === name) }));
  }
  return Promise.all(
    names.map(async (name) => {
      const own = stepQuestion({ ...question, [split]: name }, span, 'none');
      return { name, steps: (await api.get<MetricsAnswer>('/v1/metrics', own, signal)).metrics };
    }),
  );
}

function stepQuestion(question: Parameters, span: Span, groupBy: string): Parameters {
  return { ...question, step: span.step, group_by: groupBy, order: 'asc', limit: ROWS_MAX };
}
