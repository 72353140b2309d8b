import type { MetricsReader, UsageRow } from '../../metrics-store/metrics-reader.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { rowOf } from './export-column.ts';
import type { ExportCursor, ExportPage, ExportQuery } from './export-query.ts';
import { FocusCharges } from './focus-charges.ts';
import { FOCUS_COLUMNS } from './focus-columns.ts';

/** Periods without a charge that are looked at for one page. */
const EMPTY_PERIODS_MAX = 100;

/** A page is one period: that of the cursor, or the first after it that has charges. */
export async function readFocusPage(
  store: MetricsReader,
  query: ExportQuery,
  { cursor, prices }: { readonly cursor: ExportCursor | null; readonly prices: () => Promise<PriceBook> },
): Promise<ExportPage> {
  const { billingAccount, stepMs, toMs } = query;
  const { completeThroughMs } = await store.readState();
  let fromMs = Number(cursor?.[0] ?? query.fromMs);
  for (let count = 0; fromMs < toMs && count < EMPTY_PERIODS_MAX; count++) {
    const periodStartMs = Math.floor(fromMs / stepMs) * stepMs;
    const period = { fromMs: periodStartMs, toMs: periodStartMs + stepMs };
    const charges = new FocusCharges(period, await prices());
    const read = { fromMs, toMs: Math.min(period.toMs, toMs) };
    for await (const row of usageOf(store, { ...read, tenantId: query.tenantId })) charges.add(row);
    fromMs = period.toMs;
    const rows = charges.finish().map((charge) => rowOf(FOCUS_COLUMNS, { charge, billingAccount, completeThroughMs }));
    if (rows.length > 0) return { rows, next: fromMs < toMs ? [fromMs] : null };
  }
  return { rows: [], next: fromMs < toMs ? [fromMs] : null };
}

/** A busy store has more rows in an hour than may lie in memory, and an idle one would be asked for each minute. */
const ROWS_MANY = 20_000;
const ROWS_FEW = 2_000;

async function* usageOf(
  store: MetricsReader,
  { tenantId, ...range }: TimeRange & Pick<ExportQuery, 'tenantId'>,
): AsyncGenerator<UsageRow> {
  let lengthMs = HOUR_MS / 4;
  for (let fromMs = range.fromMs; fromMs < range.toMs; ) {
    const toMs = Math.min(fromMs + lengthMs, range.toMs);
    const rows = await store.readUsage({ tenantId, fromMs, toMs });
    yield* rows;
    fromMs = toMs;
    if (rows.length > ROWS_MANY) lengthMs = Math.max(MINUTE_MS, lengthMs / 2);
    else if (rows.length < ROWS_FEW) lengthMs = Math.min(6 * HOUR_MS, lengthMs * 2);
  }
}
