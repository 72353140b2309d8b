import { FAILURE_KINDS } from '../../events/error-kind.ts';
import { errorsByKind } from '../../metrics-store/errors-by-kind.ts';
import { metricsJson, windowName } from '../../metrics-store/metrics-json.ts';
import type { MetricsCursor, MetricsReader, MetricsRow } from '../../metrics-store/metrics-reader.ts';
import type { MetricsRowJson } from '../../metrics-store/metrics-row.ts';
import type { Histogram } from '../../tally/histogram.ts';
import { fixedSteps } from '../../tally/steps.ts';
import { type ColumnKind, type DerivedColumn, type ExportValue, rowOf } from './export-column.ts';
import type { ExportCursor, ExportPage, ExportQuery } from './export-query.ts';
import { pageByTenant, type ReadTenant } from './page-by-tenant.ts';

/** A row, and what is derived from its sums in one place for all who show it. */
export interface RowSource {
  readonly row: MetricsRow;
  readonly json: MetricsRowJson;
}

type Derived = keyof MetricsRowJson;

const derived = (name: Derived, kind: ColumnKind, about: string): DerivedColumn<RowSource> => ({
  name,
  kind,
  about,
  of: ({ json }) => json[name] as ExportValue,
});

const money = (name: string, about: string, of: (source: RowSource) => bigint | null): DerivedColumn<RowSource> => ({
  name,
  kind: 'decimal',
  about,
  of,
});

/** Rows of sums, with names for all that tells one from another. */
export const ROW_COLUMNS: readonly DerivedColumn<RowSource>[] = [
  derived('tenant_id', 'text', 'Whose calls.'),
  derived('route', 'text', 'The route.'),
  derived('model', 'text', 'The model, as it was asked for.'),
  derived('provider', 'text', 'Empty where no call said it.'),
  { name: 'window_start', kind: 'second', about: 'Its first instant, UTC.', of: ({ row }) => row.windowStartMs },
  { name: 'window_end', kind: 'second', about: 'The first instant after it.', of: ({ row }) => row.windowEndMs },
  derived('requests', 'integer', 'Calls whose request was seen.'),
  derived('completed', 'integer', 'Of these, calls whose response was seen.'),
  derived('errors', 'integer', 'Of the completed, those that failed.'),
  derived('cancelled', 'integer', 'Of the completed, those that their user stopped; no errors.'),
  derived('unanswered', 'integer', 'Calls whose response did not come within JOIN_TIMEOUT.'),
  derived('in_flight', 'integer', 'Calls that still waited for their response.'),
  ...FAILURE_KINDS.map(
    (kind): DerivedColumn<RowSource> => ({
      name: `errors_${kind}`,
      kind: 'integer',
      about: `Errors of the kind ${kind}; all kinds add up to errors.`,
      of: ({ row }) => errorsByKind(row.tally)[kind],
    }),
  ),
  derived('prompt_tokens', 'integer', 'A sum, cached and written tokens included.'),
  derived('completion_tokens', 'integer', 'A sum, reasoning tokens included.'),
  derived('cached_prompt_tokens', 'integer', 'Read from a cache; a part of prompt_tokens.'),
  derived('cache_write_tokens', 'integer', 'Written to a cache; a part of prompt_tokens.'),
  derived('reasoning_tokens', 'integer', 'A part of completion_tokens.'),
  money('estimated_cost_usd', 'Of what could be priced; null where that is nothing.', ({ row, json }) =>
    json.estimated_cost_usd === null ? null : row.tally.costPicoUsd.value,
  ),
  money(
    'reported_cost_usd',
    'What providers or gateways said they charged.',
    ({ row }) => row.tally.reportedCostPicoUsd.value,
  ),
  money('list_cost_usd', 'What the price list says of the same calls; null where that is nothing.', ({ row, json }) =>
    json.list_cost_usd === null ? null : row.tally.listCostPicoUsd.value,
  ),
  derived('unpriced_requests', 'integer', 'Completed calls whose cost nobody knows.'),
  ...(['provider', 'gateway', 'list', 'file', 'free'] as const).map(
    (source): DerivedColumn<RowSource> => ({
      name: `cost_by_${source}`,
      kind: 'integer',
      about: `Completed calls whose cost source is ${source}; with unpriced_requests they add up to completed.`,
      of: ({ json }) => json.cost_sources?.[source] ?? null,
    }),
  ),
  derived('avg_latency_ms', 'number', 'Of completed calls.'),
  derived('p50_latency_ms', 'number', 'The median; percentiles are within 1.1 %.'),
  derived('p95_latency_ms', 'number', 'A percentile.'),
  derived('p99_latency_ms', 'number', 'A percentile.'),
  derived('max_latency_ms', 'number', 'The slowest call.'),
  derived('p95_ttft_ms', 'number', 'Time to the first token.'),
  {
    name: 'latency_buckets',
    kind: 'json',
    about: 'The histogram: count at zero, and [index, count] to the base 2^(1/32) in ms. Rows merge by adding counts.',
    of: ({ row }) => bucketsText(row.tally.latency),
  },
];

function bucketsText(histogram: Histogram): string {
  return JSON.stringify({ zero: histogram.zeroCount, buckets: histogram.sortedBuckets() });
}

const PAGE_ROWS = 2_000;

/** By tenant, the oldest window of each first, then by route, model and provider. */
export function readRowsPage(
  store: MetricsReader,
  query: ExportQuery,
  cursor: ExportCursor | null,
): Promise<ExportPage> {
  const { fromMs, toMs, stepMs } = query;
  const read: ReadTenant = async (tenantId, after, limit) => {
    const rows = await store.readMetrics({
      tenantId,
      route: null,
      model: null,
      provider: null,
      fromMs,
      toMs,
      steps: fixedSteps(stepMs),
      groupBy: ['tenant_id', 'route', 'model', 'provider'],
      order: 'asc',
      limit,
      after: after === null ? null : afterOf(tenantId, after),
    });
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      rows: rows.map((row) => rowOf(ROW_COLUMNS, rowSource(row))),
      end: last === undefined ? null : endOf(last),
    };
  };
  return pageByTenant(store, query, { cursor, rowsMax: PAGE_ROWS, read });
}

export function rowSource(row: MetricsRow): RowSource {
  const { windowStartMs, windowEndMs, tenantId, route, model, provider, tally } = row;
  const subject = { tenantId, route, model, provider, window: windowName(windowStartMs, windowEndMs) };
  return { row, json: metricsJson(subject, tally) };
}

function endOf({ windowStartMs, route, model, provider }: MetricsRow): ExportCursor {
  return [windowStartMs, route ?? '', model ?? '', provider ?? ''];
}

function afterOf(tenantId: string, [windowStartMs, route, model, provider]: ExportCursor): MetricsCursor {
  return {
    windowStartMs: Number(windowStartMs),
    tenantId,
    route: String(route),
    model: String(model),
    provider: String(provider),
    errorKind: '',
  };
}
