import { once } from 'node:events';
import type { DayTotals, ExportQuestion } from '../../commands/export/manifest.ts';
import { type DayFile, type ExportDaysReport, exportDays } from '../../commands/export/write-days.ts';
import { columnsOf, type ExportPorts, readExportPage } from '../../metrics-api/export/datasets.ts';
import { decimalText } from '../../metrics-api/export/decimal-text.ts';
import { encoded } from '../../metrics-api/export/encoder.ts';
import { exportAbout } from '../../metrics-api/export/export-about.ts';
import type { ExportRow } from '../../metrics-api/export/export-column.ts';
import { type ExportFormat, openEncoder } from '../../metrics-api/export/export-format.ts';
import { exportPages } from '../../metrics-api/export/export-pages.ts';
import type { DatasetName, ExportQuery } from '../../metrics-api/export/export-query.ts';
import type { MetricsReader } from '../../metrics-store/metrics-reader.ts';
import { columnOf } from '../../metrics-store/tally-columns.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { fixedSteps, type TimeRange } from '../../tally/steps.ts';
import { addTally, TALLY_EXACT_SUMS, TALLY_SUMS, Tally } from '../../tally/tally.ts';
import { DAY_MS } from '../../tally/window.ts';
import { openStore } from '../open/open-store.ts';
import { pricesWhenWanted } from '../open/prices-when-wanted.ts';
import { VERSION } from '../version.ts';
import { requireStore } from './recompute-prices.ts';

export interface ExportOptions {
  readonly query: ExportQuery;
  readonly format: ExportFormat;
  readonly question: ExportQuestion;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * Writes a file for each day of the range, which has only whole ones, into a directory. Reads the store beside whoever
 * else uses it.
 */
export async function exportToDirectory(
  settings: SettingsOf<'export'>,
  { query, format, question, nowMs, signal }: ExportOptions,
  options: {
    readonly directory: string;
    readonly isRefresh: boolean;
    readonly onDay: (done: number, total: number) => void;
  },
): Promise<ExportDaysReport> {
  return withStore(settings, nowMs, (ports) => {
    const { directory, isRefresh, onDay } = options;
    const { fromMs, toMs } = query;
    return exportDays(
      { directory, question, fromMs, toMs, isRefresh, streamlens: VERSION },
      {
        totalsOf: (startMs, endMs) => readTotals(ports.store, { ...query, fromMs: startMs, toMs: endMs }),
        fileOf: (dayMs) => dayFile(ports, { ...query, fromMs: dayMs, toMs: dayMs + DAY_MS }, format),
        completeThroughMs: async () => (await ports.store.readState()).completeThroughMs || null,
        nowMs,
        onDay,
        signal,
      },
    );
  });
}

/** Writes all of the range as one file into a stream. */
export async function exportToStream(
  settings: SettingsOf<'export'>,
  { query, format, nowMs, signal }: ExportOptions,
  out: NodeJS.WritableStream,
): Promise<number> {
  return withStore(settings, nowMs, async (ports) => {
    const file = await dayFile(ports, query, format);
    for await (const piece of file.pieces) {
      if (signal.aborted) throw new Error('The export was stopped; what was written of it is no whole file');
      if (!out.write(piece)) await once(out, 'drain');
    }
    return file.rowCount();
  });
}

async function withStore<T>(
  settings: SettingsOf<'export'>,
  nowMs: () => number,
  work: (ports: ExportPorts) => Promise<T>,
): Promise<T> {
  requireStore(settings);
  const store = await openStore({ ...settings, migrate: false }, 'read');
  try {
    return await work({ store, prices: pricesWhenWanted(settings, nowMs) });
  } finally {
    await store.close();
  }
}

const DAYS_PER_PAGE = 1_000;

/** The days of the range that hold anything; of dimensions, what they come to together. */
async function readTotals(
  store: MetricsReader,
  { dataset, tenantId, dimensions, fromMs, toMs }: TimeRange & Pick<ExportQuery, 'dataset' | 'tenantId' | 'dimensions'>,
): Promise<ReadonlyMap<number, DayTotals>> {
  const span = await store.readSpan(tenantId);
  if (span === null) return new Map();
  const range = {
    fromMs: Math.floor(Math.max(fromMs, span.fromMs) / DAY_MS) * DAY_MS,
    toMs: Math.ceil(Math.min(toMs, span.toMs) / DAY_MS) * DAY_MS,
  };
  const days = new Map<number, Tally>();
  const wanted = dataset === 'dimensions' ? dimensions.map((name) => ({ dimension: { name, value: null } })) : [{}];
  for (let startMs = range.fromMs; startMs < range.toMs; startMs += DAYS_PER_PAGE * DAY_MS) {
    for (const dimension of wanted) {
      const rows = await store.readMetrics({
        tenantId,
        route: null,
        model: null,
        provider: null,
        ...dimension,
        fromMs: startMs,
        toMs: Math.min(range.toMs, startMs + DAYS_PER_PAGE * DAY_MS),
        steps: fixedSteps(DAY_MS),
        groupBy: [],
        order: 'asc',
        limit: DAYS_PER_PAGE,
        after: null,
      });
      for (const { windowStartMs, tally } of rows) {
        const sum = days.get(windowStartMs) ?? new Tally();
        addTally(sum, tally);
        days.set(windowStartMs, sum);
      }
    }
  }
  const inOrder = [...days].sort(([a], [b]) => a - b);
  return new Map(inOrder.map(([dayMs, tally]) => [dayMs, totalsOf(tally)]));
}

/** Every sum: what changes none of them changes no file but by a correction between two groups of equal sums. */
function totalsOf(tally: Tally): DayTotals {
  const counts = TALLY_SUMS.map((field) => [columnOf(field), String(tally[field])] as const);
  const money = TALLY_EXACT_SUMS.map((field) => {
    const name = columnOf(field).replace('_pico_usd', '_usd');
    return [name, decimalText(tally[field].value)] as const;
  });
  return Object.fromEntries([...counts, ...money].filter(([, value]) => value !== '0'));
}

/** The column whose sum has to be that of the day, by which it is seen whether the store still has all of it. */
const CONTROLS: Readonly<Record<DatasetName, { readonly column: string; readonly total: string } | null>> = {
  rows: { column: 'requests', total: 'requests' },
  dimensions: { column: 'requests', total: 'requests' },
  // Single calls may be a sample.
  calls: null,
  focus: { column: 'BilledCost', total: 'cost_usd' },
};

async function dayFile(ports: ExportPorts, query: ExportQuery, format: ExportFormat): Promise<DayFile> {
  const columns = columnsOf(query.dataset);
  const control = CONTROLS[query.dataset];
  const at = columns.findIndex(({ name }) => name === control?.column);
  let rowCount = 0;
  let sum = 0n;
  const counted = async function* (): AsyncGenerator<readonly ExportRow[]> {
    for await (const rows of exportPages((cursor) => readExportPage(ports, query, cursor))) {
      rowCount += rows.length;
      if (at >= 0) for (const row of rows) sum += BigInt(row[at] as number | bigint);
      yield rows;
    }
  };
  const { completeThroughMs } = await ports.store.readState();
  const encoder = await openEncoder(format, columns, exportAbout(query, completeThroughMs || null));
  return {
    pieces: encoded(encoder, counted()),
    rowCount: () => rowCount,
    isWhole: (totals) => {
      if (control === null) return null;
      const text = columns[at]?.kind === 'decimal' ? decimalText(sum) : String(sum);
      return text === (totals[control.total] ?? '0');
    },
  };
}
