import type { Api, Parameters } from './api.ts';
import type { Completeness, MetricsAnswer, MetricsRow, SummaryAnswer } from './api-answers.ts';
import { filterOf, isDimensionName, valueOf } from './dimension-names.ts';
import { previousSpan, type Span, STEPS_MS, stepStartMs } from './time-range.ts';
import { type Rows, rowsOf, type Split, spanOf, type View } from './view.ts';

/** The metrics of a view at one moment. */
export interface Snapshot {
  /** Null: of all that the reader may see. */
  readonly tenant: string | null;
  /** What it was asked for: another view has other numbers. */
  readonly view: View;
  readonly loadedAtMs: number;
  readonly span: Span;
  /** The whole range as one row; null where no call is in it. */
  readonly total: MetricsRow | null;
  /** The sums of as much time just before; null where no call is in it. */
  readonly previous: MetricsRow | null;
  /** A row for each of `rows`, busiest first. */
  readonly breakdown: readonly MetricsRow[];
  readonly rows: Rows;
  /** How many rows there are; those that are here may be only the busiest. */
  readonly rowCount: number;
  /** False: nobody saw the breakdown, so that it is that of an earlier moment. */
  readonly isBreakdownOfNow: boolean;
  readonly steps: readonly MetricsRow[];
  readonly groups: readonly SplitGroup[];
  readonly split: Split;
  readonly completeness: Completeness;
}

/** One tenant, route or model over time. */
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
  readonly #view: View;
  #last: Snapshot | null = null;

  constructor(api: Api, view: View) {
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
    const rows = rowsOf(this.#view);
    const [total, previous, breakdown, steps] = await Promise.all([
      summary(this.#question(span)),
      // It is over, so it changes hardly at all.
      isSameRange ? last.previous : this.#previous(span, nowMs, signal),
      isBreakdownAsked
        ? summary({ ...this.#question(span), group_by: rowGroupsOf(this.#view, rows), limit: BREAKDOWN_MAX })
        : { summary: [...last.breakdown], group_count: last.rowCount },
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
      rows,
      rowCount: breakdown.group_count,
      isBreakdownOfNow: isBreakdownAsked,
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
    const { tenant, route, model, only } = this.#view;
    const [from, to] = [span.fromMs, span.toMs].map((ms) => new Date(ms).toISOString());
    return { tenant_id: tenant, route, model, ...filterOf(only), from, to };
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
    const group = groupOf(split);
    const { names, count } = await this.#busiest({ span, split, breakdown }, signal);
    const last = new Map(this.#last?.groups.map(({ name, steps }) => [name, steps]));
    const isKnown = names.every((name) => last.has(name));
    const stepCount = (span.toMs - span.fromMs) / STEPS_MS[span.step];
    if (count * stepCount <= ROWS_MAX) {
      const known = isKnown ? names.flatMap((name) => last.get(name) ?? []) : null;
      const rows = await this.#steps({ span, known, changedFromMs }, { group_by: group }, signal);
      return names.map((name) => ({ name, steps: rows.filter((row) => nameIn(row, split) === name) }));
    }
    return Promise.all(
      names.map(async (name) => ({
        name,
        steps: await this.#steps({ span, known: last.get(name) ?? null, changedFromMs }, { [group]: name }, signal),
      })),
    );
  }

  /** By the breakdown, where that has all rows, and they say it. */
  async #busiest(
    { span, split, breakdown }: { span: Span; split: Exclude<Split, 'none'>; breakdown: Breakdown },
    signal: AbortSignal,
  ): Promise<{ names: readonly string[]; count: number }> {
    const group = groupOf(split);
    const rows = rowsOf(this.#view);
    const isSaid = rows === split || (rows === 'route,model' && (split === 'route' || split === 'model'));
    if (!isSaid || breakdown.summary.length < breakdown.group_count) {
      const question = { ...this.#question(span), group_by: group, limit: GROUPS_MAX };
      const answer = await this.#get<SummaryAnswer>('/v1/metrics/summary', signal)(question);
      return { names: answer.summary.map((row) => nameIn(row, split)), count: answer.group_count };
    }
    const requests = new Map<string, number>();
    for (const row of breakdown.summary) {
      const name = nameIn(row, split);
      requests.set(name, (requests.get(name) ?? 0) + row.requests);
    }
    const names = [...requests].sort(([, a], [, b]) => b - a).map(([name]) => name);
    return { names: names.slice(0, GROUPS_MAX), count: names.length };
  }
}

/** In the words of the API. */
function groupOf(split: Exclude<Split, 'none'>): string {
  return split === 'tenant' ? 'tenant_id' : split;
}

/** What tells rows of the breakdown apart: one user may be another one of another tenant. */
export function rowGroupsOf({ tenant }: Pick<View, 'tenant'>, rows: Rows): string {
  if (rows === 'tenant') return 'tenant_id';
  return isDimensionName(rows) && tenant === null ? `tenant_id,${rows}` : rows;
}

function nameIn(row: MetricsRow, split: Exclude<Split, 'none'>): string {
  if (isDimensionName(split)) return valueOf(row, split);
  return (split === 'tenant' ? row.tenant_id : row[split]) ?? '';
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
