import { formatSecond } from '../events/timestamp.ts';
import { metricsJson, type WindowName, windowName } from '../metrics-store/metrics-json.ts';
import {
  type ChangesQuery,
  DIMENSIONS,
  type Dimension,
  type DimensionActivity,
  type MetricsReader,
  type MetricsRow,
  type StoreState,
} from '../metrics-store/metrics-reader.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { fixedSteps, type Steps } from '../tally/steps.ts';
import { MINUTE_MS } from '../tally/window.ts';
import { zonedSteps } from '../tally/zoned-steps.ts';
import { auditJson } from './answers/audit-json.ts';
import { callDetailJson, callJson } from './answers/call-json.ts';
import { coverageJson } from './answers/coverage-json.ts';
import { evaluationJson } from './answers/evaluation-json.ts';
import { jsonFields } from './answers/json-fields.ts';
import { unpricedJson } from './answers/unpriced-json.ts';
import type * as Contract from './contract/answers.ts';
import { encodeCursor } from './cursor.ts';
import type {
  Answerer,
  AuditQuestion,
  ChangeEvent,
  Errand,
  MetricsQuestion,
  QuestionKind,
  Questions,
} from './questions.ts';
import { TimeZones } from './time-zones.ts';

export interface StoreQueriesOptions {
  readonly reader: MetricsReader & Pick<MetricsStore, 'whileWanted' | 'checkHealth' | 'close'>;
}

type Without<Answer> = Omit<Answer, keyof Contract.Completeness>;

/** Asks the store in this thread. */
export class StoreQueries implements Answerer {
  readonly #reader: StoreQueriesOptions['reader'];
  readonly #zones = new TimeZones();
  readonly #answers: { readonly [K in QuestionKind]: (question: Questions[K]) => Promise<object | null> } = {
    metrics: (question) => this.#metrics(question),
    summary: (question) => this.#summary(question),
    dimensions: (question) => this.#dimensions(question),
    calls: (question) => this.#calls(question),
    call: (question) => this.#call(question),
    evaluations: (question) => this.#evaluations(question),
    audit: (question) => this.#audit(question),
    coverage: (question) => this.#coverage(question),
    unpriced: (question) => this.#unpriced(question),
  };

  constructor({ reader }: StoreQueriesOptions) {
    this.#reader = reader;
  }

  async answer<K extends QuestionKind>(
    kind: K,
    question: Questions[K],
    { signal }: Partial<Errand> = {},
  ): Promise<string | null> {
    const find = () => this.#answers[kind](question);
    const answer = await (signal === undefined ? find() : (this.#reader.whileWanted?.(signal, find) ?? find()));
    return answer === null ? null : jsonFields(answer);
  }

  async changes(question: ChangesQuery): Promise<readonly ChangeEvent[]> {
    const rows = await this.#reader.readChanges(question);
    return rows.map(({ route, model, windowStartMs, tally, revision, changedAtMs }) => {
      const window = windowName(windowStartMs, windowStartMs + MINUTE_MS);
      const subject = { tenantId: question.tenantId, route, model, window };
      const json = JSON.stringify({ ...metricsJson(subject, tally), revision });
      return { changedAtMs, windowStartMs, revision, json, key: `${windowStartMs}|${route}|${model}` };
    });
  }

  readState(): Promise<StoreState> {
    return this.#reader.readState();
  }

  checkHealth(): Promise<void> {
    return this.#reader.checkHealth();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #metrics(question: MetricsQuestion): Promise<Without<Contract.MetricsAnswer>> {
    const { cursor, stepMs, timezone, ...query } = question;
    const isLocal = timezone !== null;
    const steps = isLocal ? zonedSteps(this.#zones.get(timezone), stepMs) : fixedSteps(stepMs);
    const range = isLocal ? await this.#withinSpan(question, steps) : question;
    const rows =
      range === null
        ? []
        : await this.#reader.readMetrics({ ...query, fromMs: range.fromMs, toMs: range.toMs, steps, after: cursor });
    const last = rows.length === question.limit ? rows.at(-1) : undefined;
    return {
      metrics: rowsJson(rows, question),
      count: rows.length,
      ...(last === undefined ? {} : { next_cursor: rowCursor(last) }),
    };
  }

  /** What of the range can hold rows, in whole steps: those of a zone are found one by one. */
  async #withinSpan({ tenantId, fromMs, toMs }: MetricsQuestion, steps: Steps) {
    const span = await this.#reader.readSpan(tenantId);
    if (span === null) return null;
    return {
      fromMs: Math.max(fromMs, steps.at(span.fromMs).fromMs),
      toMs: Math.min(toMs, steps.at(span.toMs - 1).toMs),
    };
  }

  async #summary(question: Questions['summary']): Promise<Without<Contract.SummaryAnswer>> {
    const rows = await this.#reader.readSummary(question);
    const busiest = rows.toSorted((a, b) => b.tally.requests - a.tally.requests).slice(0, question.limit);
    return { summary: rowsJson(busiest, question), group_count: rows.length };
  }

  async #dimensions({ tenantId, limit, cursor }: Questions['dimensions']): Promise<Contract.DimensionsAnswer> {
    const ends: (string | number)[] = [];
    const valuesOf = async (dimension: Dimension): Promise<Contract.DimensionValue[]> => {
      const after = cursor === null ? null : cursor[dimension];
      // A list that was at its end stays there.
      const isOver = cursor !== null && after === null;
      const query = { tenantId, dimension, limit, after };
      const values = isOver ? [] : await this.#reader.readDimensionValues(query);
      const last: DimensionActivity | null = values.length === limit ? (values.at(-1) ?? null) : null;
      ends.push(last?.lastWindowStartMs ?? 0, last?.value ?? '');
      return values.map(({ value, lastWindowStartMs: atMs }) => ({ value, last_activity: formatSecond(atMs) }));
    };
    const answer = {
      tenants: await valuesOf('tenant'),
      routes: await valuesOf('route'),
      models: await valuesOf('model'),
      providers: await valuesOf('provider'),
    };
    const hasMore = DIMENSIONS.some((_, index) => ends[2 * index + 1] !== '');
    return { ...answer, ...(hasMore ? { next_cursor: encodeCursor(ends) } : {}) };
  }

  async #calls({ isCounted, ...query }: Questions['calls']): Promise<Contract.CallsAnswer> {
    const calls = await this.#reader.readCalls(query);
    const last = calls.length === query.limit ? calls.at(-1) : undefined;
    const value = query.order === 'newest' ? last?.timestampMs : (last?.latencyMs ?? 0);
    return {
      calls: calls.map(callJson),
      next_cursor: last === undefined ? null : encodeCursor([value ?? 0, last.requestId]),
      ...(isCounted ? { kept: await this.#reader.countCalls(query) } : {}),
    };
  }

  async #call({ tenantId, requestId }: Questions['call']): Promise<Contract.CallAnswer | null> {
    const call = await this.#reader.readCall(tenantId, requestId);
    return call === null ? null : { call: callDetailJson(call) };
  }

  async #evaluations(query: Questions['evaluations']): Promise<Without<Contract.EvaluationsAnswer>> {
    const rows = await this.#reader.readEvaluations(query);
    return { evaluations: rows.map((row) => evaluationJson(row, query.tenantId, query.stepMs)), count: rows.length };
  }

  async #audit(question: AuditQuestion): Promise<Without<Contract.AuditAnswer>> {
    const { tenantId, fromMs, toMs, maySeeAll } = question;
    const rows = await this.#reader.readAudit(question);
    const totals = await this.#reader.readAuditTotals({ tenantId, fromMs, toMs });
    const isBeside = tenantId !== null && tenantId !== '' && maySeeAll;
    const withoutTenant = isBeside ? await this.#reader.readAuditTotals({ tenantId: '', fromMs, toMs }) : null;
    return auditJson({ rows, totals, withoutTenant }, question);
  }

  async #coverage(question: Questions['coverage']): Promise<Without<Contract.CoverageAnswer>> {
    const rows = await this.#reader.readCoverage(question);
    return coverageJson({ rows, totals: await this.#reader.readCoverageTotals(question) }, question);
  }

  async #unpriced(query: Questions['unpriced']): Promise<Contract.UnpricedAnswer> {
    return { unpriced: unpricedJson(await this.#reader.readUsage(query)) };
  }
}

function rowsJson(
  rows: readonly MetricsRow[],
  { tenantId, quantiles }: { readonly tenantId: string | null; readonly quantiles: readonly number[] },
): Contract.MetricsRow[] {
  let window: { readonly startMs: number; readonly name: WindowName } | null = null;
  return rows.map(({ windowStartMs: startMs, windowEndMs: endMs, tenantId: ofRow, tally, ...names }) => {
    if (window?.startMs !== startMs) window = { startMs, name: windowName(startMs, endMs) };
    const subject = { ...names, tenantId: tenantId ?? ofRow, window: window.name };
    return metricsJson(subject, tally, quantiles);
  });
}

function rowCursor({ windowStartMs, tenantId, route, model, provider, errorKind }: MetricsRow): string {
  return encodeCursor([windowStartMs, tenantId ?? '', route ?? '', model ?? '', provider ?? '', errorKind ?? '']);
}
