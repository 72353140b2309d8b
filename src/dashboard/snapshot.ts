import type { Api, Parameters } from './api.ts';
import type { Completeness, MetricsAnswer, MetricsRow, SummaryAnswer } from './api-answers.ts';
import { previousSpan, type Span, STEPS_MS, stepStartMs } from './time-range.ts';
import { type Split, spanOf, type View } from './view.ts';

export type TenantView = View & { readonly tenant: string };

/** The metrics of a view at one moment. */
export interface Snapshot {
  readonly tenant: string;
  /** What it was asked for: another view has other numbers. */
  readonly view: TenantView;
  readonly loadedAtMs: number;
  readonly span: Span;
  /** The whole range as one row; null where no call is in it. */
  readonly total: MetricsRow | null;
  /** The sums of as much time just before; null where no call is in it. */
  readonly previous: MetricsRow | null;
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

/** What a load may leave as it was. */
export interface Freshness {
  /** No row that starts earlier has changed since the last load; 0: any may have. */
  readonly changedFromMs: number;
  /** Whether anybody sees the breakdown. */
  readonly isBreakdownSeen: boolean;
}

/** More than these cannot be told apart by colour; the rest is drawn as one. */
const GROUPS_MAX = 6;
const ROWS_MAX = 10_000;
const BREAKDOWN_MAX = 500;

/** Loads the numbers of one view again and again, and asks only for what can have changed. */
export class SnapshotLoader {
  readonly #api: Api;
  readonly #view: TenantView;
  #last: Snapshot | null = null;

  constructor(api: Api, view: TenantView) {
    this.#api = api;
    this.#view = view;
  }

  /** @throws {ApiError}; what was known before is then still known, and asked for again from where it changed */
  async load({ changedFromMs, isBreakdownSeen }: Freshness, signal: AbortSignal): Promise<Snapshot> {
    const nowMs = Date.now();
    const span = spanOf(this.#view, nowMs);
    const last = this.#last;
    const isSameRange = last !== null && last.span.fromMs === span.fromMs && last.span.toMs === span.toMs;
    const isBreakdownAsked = last === null || isBreakdownSeen;
    const summary = this.#get<SummaryAnswer>('/v1/metrics/summary', signal);
    const [total, previous, breakdown, steps] = await Promise.all([
      summary(this.#question(span)),
      // It is over, so it changes hardly at all.
      isSameRange ? last.previous : this.#previous(span, nowMs, signal),
      isBreakdownAsked
        ? summary({ ...this.#question(span), group_by: 'route,model', limit: BREAKDOWN_MAX })
        : { summary: [...last.breakdown], group_count: last.pairCount },
      this.#steps({ span, known: last?.steps ?? null, changedFromMs }, {}, signal),
    ]);
    const groups = await this.#groups({ span, changedFromMs, breakdown }, signal);
    const { as_of, complete_until, lag_ms } = total;
    const snapshot: Snapshot = {
      tenant: this.#view.tenant,
      view: this.#view,
      loadedAtMs: nowMs,
      span,
      total: firstRow(total),
      previous,
      breakdown: breakdown.summary,
      pairCount: breakdown.group_count,
      steps,
      groups,
      split: this.#view.split,
      completeness: { as_of, complete_until, lag_ms },
    };
    this.#last = snapshot;
    return snapshot;
  }

  #get<T>(path: string, signal: AbortSignal): (parameters: Parameters) => Promise<T> {
    return (parameters) => this.#api.get<T>(path, parameters, signal);
  }

  #question(span: Pick<Span, 'fromMs' | 'toMs'>): Parameters {
    const { tenant, route, model } = this.#view;
    const [from, to] = [span.fromMs, span.toMs].map((ms) => new Date(ms).toISOString());
    return { tenant_id: tenant, route, model, from, to };
  }

  async #previous(span: Span, nowMs: number, signal: AbortSignal): Promise<MetricsRow | null> {
    const before = previousSpan(span, nowMs);
    if (before.fromMs < 0) return null;
    return firstRow(await this.#get<SummaryAnswer>('/v1/metrics/summary', signal)(this.#question(before)));
  }

  /** Rows over time: those that are known up to the first that may have changed, and the rest as the API has it now. */
  async #steps(
    { span, known, changedFromMs }: Steps,
    more: Parameters,
    signal: AbortSignal,
  ): Promise<readonly MetricsRow[]> {
    const isAll = known === null || changedFromMs <= span.fromMs;
    const fromMs = isAll ? span.fromMs : changedFromMs >= span.toMs ? span.toMs : stepStartMs(span, changedFromMs);
    const kept = (known ?? []).filter(({ window_start: start }) => {
      const startMs = Date.parse(start);
      return startMs >= span.fromMs && startMs < fromMs;
    });
    if (fromMs >= span.toMs) return kept;
    const question = { group_by: 'none', ...this.#question({ ...span, fromMs }), ...more };
    const answer = await this.#get<MetricsAnswer>(
      '/v1/metrics',
      signal,
    )({
      ...question,
      step: span.step,
      timezone: span.step === '1d' && span.zone !== 'UTC' ? span.zone : null,
      order: 'asc',
      limit: ROWS_MAX,
    });
    return [...kept, ...answer.metrics];
  }

  /** The busiest groups over time, busiest first: in one answer where it holds them all, else one by one. */
  async #groups(
    { span, changedFromMs, breakdown }: { span: Span; changedFromMs: number; breakdown: Breakdown },
    signal: AbortSignal,
  ): Promise<readonly SplitGroup[]> {
    const { split } = this.#view;
    if (split === 'none') return [];
    const { names, count } = await this.#busiest({ span, split, breakdown }, signal);
    const last = new Map(this.#last?.groups.map(({ name, steps }) => [name, steps]));
    const isKnown = names.every((name) => last.has(name));
    const stepCount = (span.toMs - span.fromMs) / STEPS_MS[span.step];
    if (count * stepCount <= ROWS_MAX) {
      const known = isKnown ? names.flatMap((name) => last.get(name) ?? []) : null;
      const rows = await this.#steps({ span, known, changedFromMs }, { group_by: split }, signal);
      return names.map((name) => ({ name, steps: rows.filter((row) => row[split] === name) }));
    }
    return Promise.all(
      names.map(async (name) => ({
        name,
        steps: await this.#steps({ span, known: last.get(name) ?? null, changedFromMs }, { [split]: name }, signal),
      })),
    );
  }

  /** By the breakdown, where that has all pairs. */
  async #busiest(
    { span, split, breakdown }: { span: Span; split: 'route' | 'model'; breakdown: Breakdown },
    signal: AbortSignal,
  ): Promise<{ names: readonly string[]; count: number }> {
    if (breakdown.summary.length < breakdown.group_count) {
      const question = { ...this.#question(span), group_by: split, limit: GROUPS_MAX };
      const answer = await this.#get<SummaryAnswer>('/v1/metrics/summary', signal)(question);
      return { names: answer.summary.map((row) => row[split] ?? ''), count: answer.group_count };
    }
    const requests = new Map<string, number>();
    for (const row of breakdown.summary) {
      const name = row[split] ?? '';
      requests.set(name, (requests.get(name) ?? 0) + row.requests);
    }
    const names = [...requests].sort(([, a], [, b]) => b - a).map(([name]) => name);
    return { names: names.slice(0, GROUPS_MAX), count: names.length };
  }
}

type Breakdown = Pick<SummaryAnswer, 'summary' | 'group_count'>;

interface Steps {
  readonly span: Span;
  /** The rows of the last load; null before it. */
  readonly known: readonly MetricsRow[] | null;
  readonly changedFromMs: number;
}

function firstRow({ summary }: SummaryAnswer): MetricsRow | null {
  return summary[0] ?? null;
}
