import { formatSecond } from '../events/timestamp.ts';
import { metricsJson, type WindowName, windowName } from '../metrics-store/metrics-json.ts';
import type { MetricsReader, MetricsRow } from '../metrics-store/metrics-reader.ts';
import { MINUTE_MS } from '../tally/window.ts';
import { auditJson } from './audit-json.ts';
import { callDetailJson, callJson } from './call-json.ts';
import { withCompleteness } from './completeness.ts';
import { CurrentAnswers } from './current-answers.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { evaluationJson } from './evaluation-json.ts';
import type * as Ask from './metrics-queries.ts';
import { unpricedJson } from './unpriced-json.ts';

export interface StoreQueriesOptions {
  readonly reader: MetricsReader & { checkHealth(): Promise<void>; close(): Promise<void> };
  readonly nowMs: () => number;
}

const METRICS_CURSOR = ['number', 'string', 'string', 'string'] as const;

/** Asks the store in this thread. */
export class StoreQueries implements Ask.MetricsQueries {
  readonly #options: StoreQueriesOptions;
  readonly #answers: CurrentAnswers;

  constructor(options: StoreQueriesOptions) {
    this.#options = options;
    const { reader, nowMs } = options;
    this.#answers = new CurrentAnswers({ readState: () => reader.readState(), nowMs });
  }

  metrics(question: Ask.MetricsQuestion): Promise<string> {
    return this.#complete('metrics', question, () => this.#metrics(question));
  }

  async #metrics(question: Ask.MetricsQuestion): Promise<string> {
    const { cursor, quantiles, ...query } = question;
    const rows = await this.#options.reader.readMetrics({
      ...query,
      after: cursor === null ? null : metricsCursor(cursor),
    });
    const { tenantId, stepMs } = question;
    let window: { readonly startMs: number; readonly name: WindowName } | null = null;
    const metrics = rows.map(({ windowStartMs: startMs, route, model, provider, tally }) => {
      if (window?.startMs !== startMs) window = { startMs, name: windowName(startMs, stepMs) };
      return metricsJson({ tenantId, route, model, provider, window: window.name }, tally, quantiles);
    });
    const last = rows.length === question.limit ? rows.at(-1) : undefined;
    return JSON.stringify({
      metrics,
      count: metrics.length,
      ...(last === undefined ? {} : { next_cursor: rowCursor(last) }),
    });
  }

  async changes(question: Ask.ChangesQuestion): Promise<readonly Ask.ChangeEvent[]> {
    const rows = await this.#options.reader.readChanges(question);
    return rows.map(({ route, model, windowStartMs, tally, revision, changedAtMs }) => {
      const window = windowName(windowStartMs, MINUTE_MS);
      const subject = { tenantId: question.tenantId, route, model, window };
      const json = JSON.stringify({ ...metricsJson(subject, tally), revision });
      return { changedAtMs, windowStartMs, revision, json, key: `${windowStartMs}|${route}|${model}` };
    });
  }

  dimensions(question: { tenantId: string | null }): Promise<string> {
    return this.#current('dimensions', question, () => this.#dimensions(question));
  }

  async #dimensions({ tenantId }: { tenantId: string | null }): Promise<string> {
    const series = await this.#options.reader.readDimensions(tenantId);
    const newest = (name: 'tenantId' | 'route' | 'model' | 'provider') => {
      const lastMs = new Map<string, number>();
      for (const each of series) lastMs.set(each[name], Math.max(lastMs.get(each[name]) ?? 0, each.lastWindowStartMs));
      lastMs.delete('');
      return [...lastMs]
        .sort(([a, aMs], [b, bMs]) => bMs - aMs || (a < b ? -1 : 1))
        .map(([value, atMs]) => ({ value, last_activity: formatSecond(atMs) }));
    };
    return JSON.stringify({
      tenants: newest('tenantId'),
      routes: newest('route'),
      models: newest('model'),
      providers: newest('provider'),
    });
  }

  calls(question: Ask.CallsQuestion): Promise<string> {
    return this.#current('calls', question, () => this.#calls(question));
  }

  async #calls(question: Ask.CallsQuestion): Promise<string> {
    const { cursor, metadata, isCounted, ...query } = question;
    const after = cursor === null ? null : callsCursor(cursor);
    const calls = await this.#options.reader.readCalls({ ...query, metadata: new Map(metadata), after });
    const last = calls.length === question.limit ? calls.at(-1) : undefined;
    const value = question.order === 'newest' ? last?.timestampMs : (last?.latencyMs ?? 0);
    return JSON.stringify({
      calls: calls.map(callJson),
      next_cursor: last === undefined ? null : encodeCursor([value ?? 0, last.requestId]),
      ...(isCounted ? { kept: await this.#options.reader.countCalls(query) } : {}),
    });
  }

  async call({ tenantId, requestId }: { tenantId: string; requestId: string }): Promise<string | null> {
    const call = await this.#options.reader.readCall(tenantId, requestId);
    if (call === null) return null;
    return JSON.stringify({ call: callDetailJson(call) });
  }

  evaluations(question: Ask.EvaluationsQuestion): Promise<string> {
    return this.#complete('evaluations', question, async () => {
      const rows = await this.#options.reader.readEvaluations(question);
      const evaluations = rows.map((row) => evaluationJson(row, question.tenantId, question.stepMs));
      return JSON.stringify({ evaluations, count: rows.length });
    });
  }

  audit(question: { tenantId: string | null; fromMs: number; toMs: number }): Promise<string> {
    return this.#complete('audit', question, async () =>
      JSON.stringify(auditJson(await this.#options.reader.readAudit(question))),
    );
  }

  unpriced(question: { tenantId: string | null; fromMs: number; toMs: number }): Promise<string> {
    return this.#current('unpriced', question, async () =>
      JSON.stringify({ unpriced: unpricedJson(await this.#options.reader.readUsage(question)) }),
    );
  }

  checkHealth(): Promise<void> {
    return this.#options.reader.checkHealth();
  }

  close(): Promise<void> {
    return this.#options.reader.close();
  }

  async #current(kind: string, question: object, answer: () => Promise<string>): Promise<string> {
    return (await this.#answers.ask(`${kind} ${JSON.stringify(question)}`, answer)).text;
  }

  async #complete(kind: string, question: object, answer: () => Promise<string>): Promise<string> {
    const { text, state } = await this.#answers.ask(`${kind} ${JSON.stringify(question)}`, answer);
    return withCompleteness(text, state);
  }
}

function rowCursor({ windowStartMs, route, model, provider }: MetricsRow): string {
  return encodeCursor([windowStartMs, route ?? '', model ?? '', provider ?? '']);
}

function metricsCursor(cursor: string) {
  const [windowStartMs, route, model, provider] = decodeCursor(cursor, METRICS_CURSOR);
  return {
    windowStartMs: windowStartMs as number,
    route: route as string,
    model: model as string,
    provider: provider as string,
  };
}

function callsCursor(cursor: string) {
  const [value, requestId] = decodeCursor(cursor, ['number', 'string']);
  return { value: value as number, requestId: requestId as string };
}
