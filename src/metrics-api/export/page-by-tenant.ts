import type { MetricsReader } from '../../metrics-store/metrics-reader.ts';
import type { ExportRow } from './export-column.ts';
import type { ExportCursor, ExportPage, ExportQuery } from './export-query.ts';

/** The rows of one tenant after a place in its own order, at most so many; `end` is null after the last. */
export type ReadTenant = (
  tenantId: string,
  after: ExportCursor | null,
  limit: number,
) => Promise<{ readonly rows: readonly ExportRow[]; readonly end: ExportCursor | null }>;

/**
 * One tenant after the other. In the order of time over all of them, a store would read a page of each for one page of
 * rows: with 20 tenants that took 20 times as long.
 */
export async function pageByTenant(
  store: MetricsReader,
  query: ExportQuery,
  {
    cursor,
    rowsMax,
    read,
  }: { readonly cursor: ExportCursor | null; readonly rowsMax: number; readonly read: ReadTenant },
): Promise<ExportPage> {
  const rows: ExportRow[] = [];
  const take = async (tenantId: string, after: ExportCursor | null): Promise<ExportCursor | null> => {
    const page = await read(tenantId, after, rowsMax - rows.length);
    rows.push(...page.rows);
    return page.end === null ? null : [tenantId, ...page.end];
  };
  const [current, ...place] = cursor ?? [];
  if (current !== undefined) {
    const next = await take(String(current), place);
    if (next !== null) return { rows, next };
  }
  for (const tenantId of await tenantsOf(store, query)) {
    if (current !== undefined && tenantId <= String(current)) continue;
    const next = await take(tenantId, null);
    if (next !== null) return { rows, next };
  }
  return { rows, next: null };
}

/** Whoever made a call has sums, which are kept for longer than single calls. */
async function tenantsOf(store: MetricsReader, query: ExportQuery): Promise<readonly string[]> {
  const { tenantId, fromMs, toMs } = query;
  if (typeof tenantId === 'string') return [tenantId];
  const any = { route: null, model: null, provider: null };
  const groups = await store.readSummary({ tenantId, fromMs, toMs, ...any, groupBy: ['tenant_id'] });
  return groups.map((group) => group.tenantId ?? '').sort();
}
