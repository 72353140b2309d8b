import type { MetricsCursor, MetricsReader, MetricsRow } from '../../metrics-store/metrics-reader.ts';
import { ReadBudget } from '../../metrics-store/read-budget.ts';
import { fixedSteps } from '../../tally/steps.ts';
import { type DerivedColumn, type ExportRow, rowOf } from './export-column.ts';
import type { ExportCursor, ExportPage, ExportQuery } from './export-query.ts';
import { ROW_COLUMNS, type RowSource, rowSource } from './metrics-rows.ts';
import { pageByTenant, type ReadTenant } from './page-by-tenant.ts';

interface Source extends RowSource {
  readonly dimension: string;
}

/** The columns of rows of sums, behind whose they are. */
export const DIMENSION_COLUMNS: readonly DerivedColumn<Source>[] = [
  {
    name: 'dimension',
    kind: 'text',
    about: 'Such as user. Each one by itself adds up to the total: do not add several.',
    of: ({ dimension }) => dimension,
  },
  {
    name: 'value',
    kind: 'text',
    about: '__none__ for calls without one, __overflow__ beyond the limit of a day, __repriced__ for changes of price.',
    of: ({ row }) => row.value ?? '',
  },
  ...ROW_COLUMNS,
];

/** A page reads all values of the steps that it touches, of which a day may have a hundred thousand. */
const PAGE_ROWS = 10_000;

/** Values by route, model and provider of a step, of 1 to 3 KB each, which lie in memory for a page of them. */
const GROUPS_MAX = 250_000;

/** By tenant and dimension, the oldest window of each first, then by route, model, provider and value. */
export function readDimensionsPage(
  store: MetricsReader,
  query: ExportQuery,
  cursor: ExportCursor | null,
): Promise<ExportPage> {
  const read: ReadTenant = async (tenantId, after, limit) => {
    const [current, ...place] = after ?? [];
    const first = current === undefined ? 0 : query.dimensions.indexOf(String(current));
    const found: ExportRow[] = [];
    for (const dimension of query.dimensions.slice(first)) {
      const within = dimension === current ? afterOf(tenantId, place) : null;
      const rows = await readDimension(store, query, { tenantId, dimension, limit: limit - found.length, within });
      for (const row of rows) found.push(rowOf(DIMENSION_COLUMNS, { ...rowSource(row), dimension }));
      const last = rows.at(-1);
      if (found.length >= limit && last !== undefined) return { rows: found, end: [dimension, ...endOf(last)] };
    }
    return { rows: found, end: null };
  };
  return pageByTenant(store, query, { cursor, rowsMax: PAGE_ROWS, read });
}

interface Place {
  readonly tenantId: string;
  readonly dimension: string;
  readonly limit: number;
  readonly within: MetricsCursor | null;
}

function readDimension(
  store: MetricsReader,
  { fromMs, toMs, stepMs }: ExportQuery,
  { tenantId, dimension, limit, within }: Place,
): Promise<readonly MetricsRow[]> {
  return store.readMetrics({
    tenantId,
    route: null,
    model: null,
    provider: null,
    dimension: { name: dimension, value: null },
    fromMs,
    toMs,
    steps: fixedSteps(stepMs),
    groupBy: ['tenant_id', 'route', 'model', 'provider', 'dimension'],
    order: 'asc',
    limit,
    after: within,
    budget: new ReadBudget(Number.POSITIVE_INFINITY, GROUPS_MAX),
  });
}

function endOf({ windowStartMs, route, model, provider, value }: MetricsRow): ExportCursor {
  return [windowStartMs, route ?? '', model ?? '', provider ?? '', value ?? ''];
}

function afterOf(tenantId: string, [windowStartMs, route, model, provider, value]: ExportCursor): MetricsCursor {
  return {
    windowStartMs: Number(windowStartMs),
    tenantId,
    route: String(route),
    model: String(model),
    provider: String(provider),
    value: String(value),
    errorKind: '',
  };
}
