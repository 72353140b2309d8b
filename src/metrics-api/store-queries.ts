import { formatSecond } from '../events/timestamp.ts';
import { labelled } from '../exposition/labelled.ts';
import type { MetricSource } from '../exposition/metric-family.ts';
import { busiestOf } from '../metrics-store/busiest.ts';
import { metricsJson, type WindowName, windowName } from '../metrics-store/metrics-json.ts';
import {
  type ChangesQuery,
  DIMENSIONS,
  type Dimension,
  type DimensionActivity,
  type MetricsQuery,
  type MetricsReader,
  type MetricsRow,
  type StoreState,
} from '../metrics-store/metrics-reader.ts';
import type { MetricsStore } from '../metrics-store/metrics-store.ts';
import { ReadBudget } from '../metrics-store/read-budget.ts';
import { onlyTenant } from '../metrics-store/tenant-filter.ts';
import type { PriceBook } from '../prices/price-book.ts';
import { fixedSteps, type Steps, type TimeRange } from '../tally/steps.ts';
import { MINUTE_MS } from '../tally/window.ts';
import { zonedSteps } from '../tally/zoned-steps.ts';
import { auditJson } from './answers/audit-json.ts';
import { callDetailJson, callJson } from './answers/call-json.ts';
import { coverageJson } from './answers/coverage-json.ts';
import { evaluationJson } from './answers/evaluation-json.ts';
import { jsonFields } from './answers/json-fields.ts';
import { topJson } from './answers/top-json.ts';
import { unpricedJson } from './answers/unpriced-json.ts';
import type * as Contract from './contract/answers.ts';
import type { TopAnswer } from './contract/top-answer.ts';
import { encodeCursor } from './cursor.ts';
import type { ExportPage } from './export/export-query.ts';
import { type LlmTotals, llmTotals } from './prometheus/llm-totals.ts';
import type {
  Answerer,
  AuditQuestion,
  ChangeEvent,
  Errand,
  ExportRequest,
  MetricsQuestion,
  QuestionKind,
  Questions,
} from './questions.ts';
import { TimeZones } from './time-zones.ts';

export interface StoreQueriesOptions {
  readonly reader: MetricsReader & Pick<MetricsStore, 'whileWanted' | 'checkHealth' | 'close' | 'metrics'>;
  /** By what costs are explained in an export; absent: the list that comes with the program. */
  readonly prices?: () => Promise<PriceBook>;
}

type Without<Answer> = Omit<Answer, keyof Contract.Completeness>;

/** Asks the store in this thread. */
export class StoreQueries implements Answerer {
  readonly #reader: StoreQueriesOptions['reader'];
  readonly #prices: () => Promise<PriceBook>;
  readonly #zones = new TimeZones();
  readonly #answers: {
    readonly [K in QuestionKind]: (question: Questions[K], budget: ReadBudget) => Promise<object | null>;
  } = {
    metrics: (question, budget) => this.#metrics(question, budget),
    summary: (question, budget) => this.#summary(question, budget),
    top: (question, budget) => this.#top(question, budget),
    dimensions: (question) => this.#dimensions(question),
    calls: (question) => this.#calls(question),
    call: (question) => this.#call(question),
    evaluations: (question) => this.#evaluations(question),
    audit: (question) => this.#audit(question),
    coverage: (question) => this.#coverage(question),
    unpriced: (question) => this.#unpriced(question),
    reconciliations: (question) => this.#reconciliations(question),
  };

  constructor({ reader, prices = builtInPrices }: StoreQueriesOptions) {
    this.#reader = reader;
    this.#prices = prices;
  }

  async answer<K extends QuestionKind>(
    kind: K,
    question: Questions[K],
    { signal, rowsMax = Number.POSITIVE_INFINITY, onPart }: Partial<Errand> = {},
  ): Promise<string | null> {
    const budget = new ReadBudget(rowsMax);
    const find = async (): Promise<string | null> => {
      if (kind === 'metrics' && onPart !== undefined) {
        return this.#metricsInParts(question as MetricsQuestion, budget, onPart);
      }
      const answer = await this.#answers[kind](question, budget);
      return answer === null ? null : jsonFields(answer);
    };
    return signal === undefined ? find() : (this.#reader.whileWanted?.(signal, find) ?? find());
  }

  async changes(question: ChangesQuery): Promise<readonly ChangeEvent[]> {
    const rows = await this.#reader.readChanges(question);
    return rows.map(({ tenantId, route, model, windowStartMs, tally, revision, changedAtMs }) => {
      const window = windowName(windowStartMs, windowStartMs + MINUTE_MS);
      const subject = { tenantId, route, model, window };
      const json = JSON.stringify({ ...metricsJson(subject, tally), revision });
      return {
        changedAtMs,
        windowStartMs,
        revision,
        json,
        key: JSON.stringify([windowStartMs, tenantId, route, model]),
      };
    });
  }

  readState(): Promise<StoreState> {
    return this.#reader.readState();
  }

  async llmTotals(range: TimeRange, { signal }: Pick<Errand, 'signal'>): Promise<readonly LlmTotals[]> {
    const read = () =>
      this.#reader.readSummary({
        ...range,
        tenantId: null,
        route: null,
        model: null,
        provider: null,
        groupBy: ['tenant_id', 'route', 'model'],
      });
    const rows = await (this.#reader.whileWanted?.(signal, read) ?? read());
    return rows.map(llmTotals);
  }

  async exportPage(request: ExportRequest, { signal }: Partial<Errand> = {}): Promise<ExportPage> {
    const reader = await this.exportReader(request);
    const read = () => reader(request);
    return signal === undefined ? read() : (this.#reader.whileWanted?.(signal, read) ?? read());
  }

  /** What reads pages of an export, with all loaded that it needs: it waits for nothing but the store. */
  async exportReader({
    query,
  }: Pick<ExportRequest, 'query'>): Promise<(request: ExportRequest) => Promise<ExportPage>> {
    const { loadPorts, readExportPage } = await import('./export/datasets.ts');
    const ports = await loadPorts({ store: this.#reader, prices: this.#prices }, query.dataset);
    return (request) => readExportPage(ports, request.query, request.cursor);
  }

  get metrics(): MetricSource | undefined {
    return this.#reader.metrics === undefined ? undefined : labelled(this.#reader.metrics, 'used_by', 'queries');
  }

  checkHealth(): Promise<void> {
    return this.#reader.checkHealth();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #metrics(question: MetricsQuestion, budget: ReadBudget): Promise<Without<Contract.MetricsAnswer>> {
    const rows = await this.#rows(question, { budget });
    const last = rows.length === question.limit ? rows.at(-1) : undefined;
    return {
      metrics: rowsJson(rows, question),
      count: rows.length,
      ...(last === undefined ? {} : { next_cursor: rowCursor(last, question) }),
    };
  }

  /** The same text, told as its rows are found. */
  async #metricsInParts(
    question: MetricsQuestion,
    budget: ReadBudget,
    onPart: (text: string) => void,
  ): Promise<string | null> {
    let count = 0;
    let last: MetricsRow | undefined;
    const textOf = (rows: readonly MetricsRow[]): string => {
      const text = rowsJson(rows, question).map((row) => JSON.stringify(row));
      const before = count === 0 ? '"metrics":[' : '';
      const comma = count > 0 && text.length > 0 ? ',' : '';
      count += rows.length;
      last = rows.at(-1) ?? last;
      return `${before}${comma}${text.join(',')}`;
    };
    const rest = textOf(await this.#rows(question, { budget, onRows: (rows) => onPart(textOf(rows)) }));
    const next = last !== undefined && count === question.limit ? { next_cursor: rowCursor(last, question) } : {};
    return `${rest}],${jsonFields({ count, ...next })}`;
  }

  async #rows(
    question: MetricsQuestion,
    reading: Pick<MetricsQuery, 'budget' | 'onRows'>,
  ): Promise<readonly MetricsRow[]> {
    const { cursor, asked: _, stepMs, timezone, ...query } = question;
    const isLocal = timezone !== null;
    const steps = isLocal ? zonedSteps(this.#zones.get(timezone), stepMs) : fixedSteps(stepMs);
    const range = isLocal ? await this.#withinSpan(question, steps) : question;
    if (range === null) return [];
    const { fromMs, toMs } = range;
    return this.#reader.readMetrics({ ...query, fromMs, toMs, steps, after: cursor, ...reading });
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

  async #summary(question: Questions['summary'], budget: ReadBudget): Promise<Without<Contract.SummaryAnswer>> {
    const { limit } = question;
    const query = { ...question, budget };
    const { rows, groupCount, distinctValues } =
      (await this.#reader.readBusiest?.(query, limit)) ?? busiestOf(await this.#reader.readSummary(query), limit);
    const distinct = question.groupBy.includes('dimension') ? { distinct_values: distinctValues } : {};
    return { summary: rowsJson(rows, question), group_count: groupCount, ...distinct };
  }

  async #top(question: Questions['top'], budget: ReadBudget): Promise<Without<TopAnswer>> {
    const { range, compared, ...query } = question;
    const totals = [await this.#callsOf(question, compared, budget), await this.#callsOf(question, range, budget)];
    const before = await this.#reader.readSummary({ ...query, ...compared, budget });
    const after = await this.#reader.readSummary({ ...query, ...range, budget });
    const [callsBefore = null, callsAfter = null] = totals;
    if (callsBefore === null || callsAfter === null) return topJson({ before, after }, question);
    const notGrouped = { before: callsOutside(callsBefore, before), after: callsOutside(callsAfter, after) };
    return topJson({ before, after, notGrouped }, question);
  }

  /** All calls of a range that is asked for by the values of a dimension; null: by none, or about one value. */
  async #callsOf(
    { tenantId, route, model, provider, dimension }: Questions['top'],
    range: TimeRange,
    budget: ReadBudget,
  ): Promise<number | null> {
    if (dimension === undefined || dimension.value !== null) return null;
    const rows = await this.#reader.readSummary({ tenantId, route, model, provider, ...range, groupBy: [], budget });
    return rows[0]?.tally.requests ?? 0;
  }

  async #dimensions({
    tenantId,
    metricDimensions,
    limit,
    cursor,
    asked,
  }: Questions['dimensions']): Promise<Contract.DimensionsAnswer> {
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
      metric_dimensions: [...metricDimensions],
    };
    const hasMore = DIMENSIONS.some((_, index) => ends[2 * index + 1] !== '');
    return { ...answer, ...(hasMore ? { next_cursor: encodeCursor(ends, asked) } : {}) };
  }

  async #calls({ isCounted, asked, ...query }: Questions['calls']): Promise<Contract.CallsAnswer> {
    const calls = await this.#reader.readCalls(query);
    const last = calls.length === query.limit ? calls.at(-1) : undefined;
    const value = query.order === 'newest' ? last?.timestampMs : (last?.latencyMs ?? 0);
    return {
      calls: calls.map(callJson),
      next_cursor: last === undefined ? null : encodeCursor([value ?? 0, last.requestId], asked),
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

  async #reconciliations(query: Questions['reconciliations']): Promise<Contract.ReconciliationsAnswer> {
    const saved = await this.#reader.readReconciliations(query);
    return { reconciliations: saved.map(({ report }) => JSON.parse(report) as Contract.Reconciliation) };
  }

  async #unpriced(query: Questions['unpriced']): Promise<Contract.UnpricedAnswer> {
    return { unpriced: unpricedJson(await this.#reader.readUsage(query)) };
  }
}

/** More may have come since the whole was read; these are in a group. */
function callsOutside(calls: number, rows: readonly MetricsRow[]): number {
  return Math.max(0, calls - rows.reduce((sum, { tally }) => sum + tally.requests, 0));
}

async function builtInPrices(): Promise<PriceBook> {
  const { createPriceBook } = await import('../prices/layered-price-book.ts');
  return createPriceBook();
}

function rowsJson(
  rows: readonly MetricsRow[],
  { tenantId: asked, quantiles, dimension }: RowsQuestion,
): Contract.MetricsRow[] {
  const tenantId = onlyTenant(asked);
  let window: { readonly startMs: number; readonly name: WindowName } | null = null;
  return rows.map(({ windowStartMs: startMs, windowEndMs: endMs, tenantId: ofRow, value, tally, ...names }) => {
    if (window?.startMs !== startMs) window = { startMs, name: windowName(startMs, endMs) };
    const subject = { ...names, tenantId: tenantId ?? ofRow, window: window.name };
    const row = metricsJson(subject, tally, quantiles);
    return value === undefined || dimension === undefined ? row : { [dimension.name]: value, ...row };
  });
}

type RowsQuestion = Pick<MetricsQuestion, 'tenantId' | 'quantiles' | 'dimension'>;

function rowCursor(
  { windowStartMs, tenantId, route, model, provider, value, errorKind }: MetricsRow,
  { asked }: MetricsQuestion,
): string {
  const names = [tenantId, route, model, provider, value, errorKind];
  return encodeCursor([windowStartMs, ...names.map((name) => name ?? '')], asked);
}
