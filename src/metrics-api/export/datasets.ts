import type { MetricsReader } from '../../metrics-store/metrics-reader.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import { DIMENSION_COLUMNS, readDimensionsPage } from './dimension-rows.ts';
import type { ExportColumn } from './export-column.ts';
import type { DatasetName, ExportCursor, ExportPage, ExportQuery } from './export-query.ts';
import { FOCUS_COLUMNS } from './focus-columns.ts';
import { readFocusPage } from './focus-rows.ts';
import { ROW_COLUMNS, readRowsPage } from './metrics-rows.ts';
import { CALL_COLUMNS, readCallsPage } from './single-calls.ts';

export interface ExportPorts {
  readonly store: MetricsReader;
  /** Loaded by the first export of charges. */
  readonly prices: () => Promise<PriceBook>;
}

type ReadPage = (ports: ExportPorts, query: ExportQuery, cursor: ExportCursor | null) => Promise<ExportPage>;

interface Dataset {
  readonly columns: readonly ExportColumn[];
  readonly readPage: ReadPage;
  /** Whether its rows say by which prices. */
  readonly isPriced?: boolean;
}

/** What can be exported; a dataset that is added here is in the API, the command and their documents. */
const DATASETS: Readonly<Record<DatasetName, Dataset>> = {
  rows: { columns: ROW_COLUMNS, readPage: ({ store }, query, cursor) => readRowsPage(store, query, cursor) },
  dimensions: {
    columns: DIMENSION_COLUMNS,
    readPage: ({ store }, query, cursor) => readDimensionsPage(store, query, cursor),
  },
  calls: { columns: CALL_COLUMNS, readPage: ({ store }, query, cursor) => readCallsPage(store, query, cursor) },
  focus: {
    columns: FOCUS_COLUMNS,
    isPriced: true,
    readPage: ({ store, prices }, query, cursor) => readFocusPage(store, query, { cursor, prices }),
  },
};

export function columnsOf(name: DatasetName): readonly ExportColumn[] {
  return DATASETS[name].columns;
}

/** The same ports, which then need not wait for prices. */
export async function loadPorts({ store, prices }: ExportPorts, name: DatasetName): Promise<ExportPorts> {
  if (DATASETS[name].isPriced !== true) return { store, prices };
  const book = await prices();
  return { store, prices: () => Promise.resolve(book) };
}

/** The rows after the cursor, of the days that hold any. */
export async function readExportPage(
  ports: ExportPorts,
  query: ExportQuery,
  cursor: ExportCursor | null,
): Promise<ExportPage> {
  const span = await ports.store.readSpan(query.tenantId);
  const fromMs = Math.max(query.fromMs, span?.fromMs ?? query.toMs);
  const toMs = Math.min(query.toMs, span?.toMs ?? query.toMs);
  if (fromMs >= toMs) return { rows: [], next: null };
  return DATASETS[query.dataset].readPage(ports, { ...query, fromMs, toMs }, cursor);
}
