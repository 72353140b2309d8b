import type { MetricSource } from '../../exposition/metric-family.ts';
import { fileMetrics } from '../../sqlite/file-metrics.ts';
import { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { WindowCodec } from '../../tally/window-codec.ts';
import type { Call } from '../call.ts';
import type { Commit, CommitOutcome, Progress } from '../commit.ts';
import { PieceWriter } from '../dimension-piece.ts';
import type * as Reader from '../metrics-reader.ts';
import type {
  CallCorrection,
  CostCorrection,
  MetricsStore,
  PackQuery,
  PruneBefore,
  RepricedShare,
} from '../metrics-store.ts';
import type { DeadLetter, PublishableRow } from '../outbox.ts';
import type { RunningProcessor } from '../processors.ts';
import type { ReconciliationsQuery, StoredReconciliation } from '../reconciliation.ts';
import { summaryAsMetrics } from '../regroup.ts';
import type { CoveragePageQuery, CoverageQuery, CoverageRow, CoverageTotal, MeterRoom } from '../sender-use.ts';
import { DIMENSION_VALUES_UNLIMITED, SERIES_PER_TENANT_UNLIMITED } from '../series-limits.ts';
import { type TenantFilter } from '../tenant-filter.ts';
import { SELECT_PROGRESS, SELECT_STATE } from './commit-statements.ts';
import { checkSqliteVersion, openStoreWithSchema } from './migrate-sqlite.ts';
import { DayPacker } from './pack-days.ts';
import { countCalls, readCall, readCalls } from './sqlite-calls.ts';
import { applyCommits, loadProgress, progressOf } from './sqlite-commit.ts';
import { SqliteDictionary } from './sqlite-dictionary.ts';
import { SqliteDimensionValues } from './sqlite-dimension-values.ts';
import { SqliteEvaluationNames } from './sqlite-evaluation-names.ts';
import { applyCallCorrections, applyCorrections, prune } from './sqlite-maintenance.ts';
import { forgetProcessor, readProcessors, tellProcessor } from './sqlite-processors.ts';
import { readReconciliations, saveReconciliation } from './sqlite-reconciliations.ts';
import * as Records from './sqlite-records.ts';
import { readCoverage, readCoverageTotals, readMeterRoom } from './sqlite-sender-use.ts';
import { SqliteWindows } from './sqlite-windows.ts';

export interface SqliteMetricsStoreOptions {
  readonly path: string;
  /** Opens the file for questions only; the writer must have created it. */
  readonly readOnly?: boolean;
  /** Whether to create or upgrade the schema; true unless the store is read-only. */
  readonly migrate?: boolean;
  /** Of a store that calls are counted in. */
  readonly maxSeriesPerTenant?: number;
  /** Values of a tenant's dimension in a day. */
  readonly dimensionValuesMax?: number;
  /** Whether rows that change wait for a topic that somebody can read; true unless the log has none. */
  readonly areRowsPublished?: boolean;
  /** Asked every few rows: true ends the reading with an error. */
  readonly isInterrupted?: () => boolean;
}

/**
 * Opens the embedded store: one file, one connection. Several may be open at once, from several threads or processes.
 *
 * @throws {StorageError} when the file cannot be opened or its schema is not this program's.
 */
export function openSqliteMetricsStore(options: SqliteMetricsStoreOptions): MetricsStore {
  const { path, readOnly = false, migrate = !readOnly } = options;
  const { isInterrupted } = options;
  const connection = openStoreWithSchema({ path, readOnly, isInterrupted }, { migrate });
  return new SqliteMetricsStore(connection, options);
}

/** Each method does its work before it returns its promise: SQLite calls block, so this lives in a worker thread. */
class SqliteMetricsStore implements MetricsStore {
  readonly metrics: MetricSource;
  readonly #connection: SqliteConnection;
  readonly #dictionary: SqliteDictionary;
  readonly #dimensionValues: SqliteDimensionValues;
  readonly #evaluationNames: SqliteEvaluationNames;
  readonly #codec = new WindowCodec();
  readonly #pieces = new PieceWriter();
  readonly #windows: SqliteWindows;
  readonly #packer: DayPacker;
  readonly #areRowsPublished: boolean;

  constructor(
    connection: SqliteConnection,
    { path, maxSeriesPerTenant, dimensionValuesMax, areRowsPublished = true }: SqliteMetricsStoreOptions,
  ) {
    this.metrics = fileMetrics(path, 'metrics');
    this.#connection = connection;
    this.#dictionary = new SqliteDictionary(connection, maxSeriesPerTenant ?? SERIES_PER_TENANT_UNLIMITED);
    this.#dimensionValues = new SqliteDimensionValues(connection, dimensionValuesMax ?? DIMENSION_VALUES_UNLIMITED);
    this.#evaluationNames = new SqliteEvaluationNames(connection);
    this.#windows = new SqliteWindows(connection, this.#dictionary, this.#codec);
    this.#packer = new DayPacker(connection);
    this.#areRowsPublished = areRowsPublished;
  }

  async loadProgress(partition: number): Promise<Progress | null> {
    return this.#read(() => loadProgress(this.#connection, partition));
  }

  async commit(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const writer = {
      connection: this.#connection,
      dictionary: this.#dictionary,
      evaluationNames: this.#evaluationNames,
      dimensionValues: this.#dimensionValues,
      codec: this.#codec,
      pieces: this.#pieces,
      areRowsPublished: this.#areRowsPublished,
    };
    const outcomes = this.#write(() => applyCommits(writer, commits));
    // Whoever fenced us may have deleted a tenant with its entries.
    if (outcomes.includes('fenced')) this.#forget();
    return outcomes;
  }

  async readState(): Promise<Reader.StoreState> {
    const [foreign, own, throughMs = null] = this.#read(() => this.#connection.row(SELECT_STATE)) ?? [];
    return {
      id: `${Number(foreign)} ${Number(own)}`,
      completeThroughMs: throughMs === null ? null : Number(throughMs),
    };
  }

  async readMetrics(query: Reader.MetricsQuery): Promise<readonly Reader.MetricsRow[]> {
    return this.#read(() => this.#windows.read(query));
  }

  async readSummary(query: Reader.SummaryQuery): Promise<readonly Reader.MetricsRow[]> {
    return this.#read(() => this.#windows.read(summaryAsMetrics(query)));
  }

  async readBusiest(query: Reader.SummaryQuery, limit: number): Promise<Reader.BusiestGroups> {
    return this.#read(() => this.#windows.readBusiest(query, limit));
  }

  async readSpan(tenantId: TenantFilter): Promise<TimeRange | null> {
    return this.#read(() => this.#windows.readSpan(tenantId));
  }

  async readChanges(query: Reader.ChangesQuery): Promise<readonly Reader.ChangedRow[]> {
    return this.#read(() => this.#windows.readChanges(query));
  }

  async readDimensions(tenantId: TenantFilter): Promise<readonly Reader.SeriesActivity[]> {
    return this.#read(() => this.#windows.readDimensions(tenantId));
  }

  async readCalls(query: Reader.CallsQuery): Promise<readonly Call[]> {
    return this.#readTenant(query.tenantId, (tenantKey) => readCalls(this.#connection, tenantKey, query)) ?? [];
  }

  async countCalls(query: Reader.KeptQuery): Promise<Reader.KeptCalls> {
    const counted = this.#readTenant(query.tenantId, (tenantKey) => countCalls(this.#connection, tenantKey, query));
    return counted ?? { calls: 0, errors: 0 };
  }

  async readCall(tenantId: string, requestId: string): Promise<Call | null> {
    const place = { tenantId, requestId };
    return this.#readTenant(tenantId, (tenantKey) => readCall(this.#connection, tenantKey, place));
  }

  async readEvaluations(query: Reader.EvaluationsQuery): Promise<readonly Reader.EvaluationRow[]> {
    const find = (tenantKey: number): readonly Reader.EvaluationRow[] =>
      Records.readEvaluations(this.#connection, tenantKey, query);
    return this.#readTenant(query.tenantId, find) ?? [];
  }

  async readProgress(): Promise<ReadonlyMap<number, Progress>> {
    const rows = this.#read(() => Array.from(this.#connection.rows(SELECT_PROGRESS)));
    return new Map(rows.map((row) => [Number(row[0]), progressOf(row)]));
  }

  async readDimensionValues(query: Reader.DimensionValuesQuery): Promise<readonly Reader.DimensionActivity[]> {
    return this.#read(() => this.#windows.readDimensionValues(query));
  }

  async readAuditTotals(query: Reader.AuditQuery): Promise<Reader.AuditTotals> {
    return this.#read(() => Records.readAuditTotals(this.#connection, query));
  }

  async readAudit(query: Reader.AuditQuery): Promise<readonly Reader.AuditRow[]> {
    return this.#read(() => Records.readAudit(this.#connection, query));
  }

  async readCoverage(query: CoveragePageQuery): Promise<readonly CoverageRow[]> {
    return this.#read(() => readCoverage(this.#connection, query));
  }

  async readCoverageTotals(query: CoverageQuery): Promise<readonly CoverageTotal[]> {
    return this.#read(() => readCoverageTotals(this.#connection, query));
  }

  async readMeterRoom(fromMs: number): Promise<MeterRoom> {
    return this.#read(() => readMeterRoom(this.#connection, fromMs));
  }

  async readDeadLetters(query: {
    limit: number;
    before: Reader.DeadLetterCursor | null;
  }): Promise<readonly DeadLetter[]> {
    return this.#read(() => Records.readDeadLetters(this.#connection, query));
  }

  async readUsage(query: Reader.UsageQuery): Promise<readonly Reader.UsageRow[]> {
    return this.#read(() => Records.readUsage(this.#connection, this.#codec, query));
  }

  async unpublishedRows(limit: number): Promise<readonly PublishableRow[]> {
    return this.#read(() => this.#windows.unpublished(limit));
  }

  async markRowsPublished(rows: readonly PublishableRow[]): Promise<void> {
    this.#write(() => this.#windows.markPublished(rows));
  }

  async unpublishedDeadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#read(() => Records.unpublishedDeadLetters(this.#connection, limit));
  }

  async markDeadLettersPublished(letters: readonly DeadLetter[]): Promise<void> {
    this.#write(() => Records.markDeadLettersPublished(this.#connection, letters));
  }

  async reprice(
    corrections: readonly CostCorrection[],
    committedAtMs: number,
    shares: readonly RepricedShare[] = [],
  ): Promise<number> {
    const writer = { connection: this.#connection, dictionary: this.#dictionary, codec: this.#codec };
    return this.#write(() => applyCorrections(writer, { corrections, shares }, committedAtMs));
  }

  async repriceCalls(corrections: readonly CallCorrection[]): Promise<void> {
    const writer = { connection: this.#connection, dictionary: this.#dictionary };
    this.#write(() => applyCallCorrections(writer, corrections));
  }

  async packDays(query: PackQuery): Promise<boolean> {
    return this.#write(() => this.#packer.pack(query));
  }

  async prune(before: PruneBefore): Promise<void> {
    prune(this.#connection, before);
    this.#dimensionValues.forget();
  }

  async checkHealth(): Promise<void> {
    checkSqliteVersion(this.#connection);
    this.#connection.checkUndamaged();
  }

  async saveReconciliation(reconciliation: StoredReconciliation): Promise<void> {
    this.#write(() => saveReconciliation(this.#connection, reconciliation));
  }

  async readReconciliations(query: ReconciliationsQuery): Promise<readonly StoredReconciliation[]> {
    return this.#read(() => readReconciliations(this.#connection, query));
  }

  async tellProcessor(processor: RunningProcessor): Promise<void> {
    this.#write(() => tellProcessor(this.#connection, processor));
  }

  async forgetProcessor(id: string): Promise<void> {
    this.#write(() => forgetProcessor(this.#connection, id));
  }

  async readProcessors(): Promise<readonly RunningProcessor[]> {
    return this.#read(() => readProcessors(this.#connection));
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #read<T>(question: () => T): T {
    return this.#connection.read(question);
  }

  /** Null where the tenant is not known. */
  #readTenant<T>(tenantId: string, question: (tenantKey: number) => T): T | null {
    return this.#read(() => {
      const tenantKey = this.#dictionary.findTenant(tenantId);
      return tenantKey === null ? null : question(tenantKey);
    });
  }

  #write<T>(change: () => T): T {
    try {
      return this.#connection.write(change);
    } catch (error) {
      // Dictionary entries that the transaction opened are gone.
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#dictionary.forget();
    this.#evaluationNames.forget();
    this.#dimensionValues.forget();
  }
}
