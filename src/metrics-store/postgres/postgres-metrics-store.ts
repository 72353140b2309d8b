import type { MetricSource } from '../../exposition/metric-family.ts';
import { seriesKey } from '../../tally/series.ts';
import type { TimeRange } from '../../tally/steps.ts';
import type { Call } from '../call.ts';
import type { Commit, CommitOutcome, DimensionDelta, Progress } from '../commit.ts';
import { type Additions, additionsOf, outcomeOf, standingOf } from '../commit-group.ts';
import type { EvaluationDelta } from '../evaluation.ts';
import type * as Reader from '../metrics-reader.ts';
import type {
  CallCorrection,
  CostCorrection,
  MetricsStore,
  PackQuery,
  PruneBefore,
  RepricedShare,
} from '../metrics-store.ts';
import type { Migrated } from '../migrated.ts';
import type { DeadLetter, PublishableRow } from '../outbox.ts';
import type { RunningProcessor } from '../processors.ts';
import type { ReconciliationsQuery, StoredReconciliation } from '../reconciliation.ts';
import { summaryAsMetrics } from '../regroup.ts';
import type { CoveragePageQuery, CoverageQuery, CoverageRow, CoverageTotal, MeterRoom } from '../sender-use.ts';
import { DIMENSION_VALUES_UNLIMITED, SERIES_PER_TENANT_UNLIMITED } from '../series-limits.ts';
import { type TenantFilter } from '../tenant-filter.ts';
import { piecesOf, type WindowPiece } from '../window-piece.ts';
import { checkPostgresVersion, connectWithSchema } from './migrate-postgres.ts';
import { PostgresDayPacker } from './pack-days.ts';
import { countCalls, readCall, readCalls } from './postgres-calls.ts';
import { COMMIT_CALL, commitDocument } from './postgres-commit.ts';
import { type PostgresConnection, type PostgresOptions } from './postgres-connection.ts';
import { PostgresDictionary, pairKey, type ResolvedNames, type SeriesRef } from './postgres-dictionary.ts';
import { PostgresDimensionValues } from './postgres-dimension-values.ts';
import { PieceMerger } from './postgres-dimensions.ts';
import { PostgresEvaluationNames } from './postgres-evaluation-names.ts';
import { prune, reprice, repriceCalls } from './postgres-maintenance.ts';
import { PostgresPartitions } from './postgres-partitions.ts';
import { forgetProcessor, readProcessors, tellProcessor } from './postgres-processors.ts';
import { readReconciliations, saveReconciliation } from './postgres-reconciliations.ts';
import * as Records from './postgres-records.ts';
import { readCoverage, readCoverageTotals, readMeterRoom } from './postgres-sender-use.ts';
import { PostgresWindows } from './postgres-windows.ts';

export interface PostgresMetricsStoreOptions extends PostgresOptions {
  /** Whether to create or upgrade the schema and to open partitions ahead; true unless told otherwise. */
  readonly migrate?: boolean;
  /** Of a store that calls are counted in. */
  readonly maxSeriesPerTenant?: number;
  /** Values of a tenant's dimension in a day. */
  readonly dimensionValuesMax?: number;
  /** Decides which time partitions are opened; the system's clock unless told otherwise. */
  readonly nowMs?: () => number;
  /** Told where the schema was created or upgraded. */
  readonly onMigrated?: (versions: Migrated) => void;
}

/**
 * Opens the shared store. Any number of processes may use one database.
 *
 * @throws {StorageError} when the server cannot be reached or its schema is not this program's.
 */
export async function openPostgresMetricsStore(options: PostgresMetricsStoreOptions): Promise<MetricsStore> {
  const { migrate = true, maxSeriesPerTenant = SERIES_PER_TENANT_UNLIMITED, nowMs = Date.now, onMigrated } = options;
  const connection = await connectWithSchema(options, { migrate, onMigrated });
  try {
    const partitions = new PostgresPartitions(connection, nowMs);
    if (migrate) await partitions.openAhead();
    const dictionary = new PostgresDictionary(connection, maxSeriesPerTenant);
    const { dimensionValuesMax = DIMENSION_VALUES_UNLIMITED } = options;
    return new PostgresMetricsStore({ connection, partitions, dictionary, dimensionValuesMax });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class PostgresMetricsStore implements MetricsStore {
  readonly #connection: PostgresConnection;
  readonly #partitions: PostgresPartitions;
  readonly #dictionary: PostgresDictionary;
  readonly #evaluationNames: PostgresEvaluationNames;
  readonly #windows: PostgresWindows;
  readonly #packer: PostgresDayPacker;
  readonly #dimensionValues: PostgresDimensionValues;
  readonly #merger: PieceMerger;

  constructor(parts: {
    connection: PostgresConnection;
    partitions: PostgresPartitions;
    dictionary: PostgresDictionary;
    dimensionValuesMax: number;
  }) {
    this.#connection = parts.connection;
    this.#partitions = parts.partitions;
    this.#dictionary = parts.dictionary;
    this.#evaluationNames = new PostgresEvaluationNames(parts.connection);
    this.#windows = new PostgresWindows(parts.connection);
    this.#packer = new PostgresDayPacker(parts.connection);
    this.#dimensionValues = new PostgresDimensionValues(parts.connection, parts.dimensionValuesMax);
    this.#merger = new PieceMerger(parts.connection);
  }

  get metrics(): MetricSource {
    return this.#connection.metrics;
  }

  async loadProgress(partition: number): Promise<Progress | null> {
    return Records.loadProgress(this.#connection, partition);
  }

  /**
   * One round trip, but for what is new (a series or a day that this process has not met) and where a part is not the
   * next one.
   */
  async commit(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const outcomes = new Map<Commit, CommitOutcome>();
    let rest = commits;
    while (rest.length > 0 && !(await this.#applyAll(rest))) {
      // Somebody moved one of the rows for good, so each round has fewer.
      const stored = await Records.readProgress(this.#connection);
      const standings = new Map(
        rest.map((commit) => [commit, standingOf(commit, stored.get(commit.partition) ?? null)]),
      );
      for (const [commit, standing] of standings) outcomes.set(commit, outcomeOf(standing));
      rest = rest.filter((commit) => standings.get(commit) === 'next');
      // Whoever fenced us may have deleted a tenant with its entries.
      if ([...standings.values()].includes('fenced')) {
        this.#dictionary.forget();
        this.#evaluationNames.forget();
        this.#dimensionValues.forget();
      }
    }
    return commits.map((commit) => outcomes.get(commit) ?? 'applied');
  }

  async readState(): Promise<Reader.StoreState> {
    return Records.readState(this.#connection);
  }

  async readMetrics(query: Reader.MetricsQuery): Promise<readonly Reader.MetricsRow[]> {
    return this.#windows.read(query);
  }

  async readSummary(query: Reader.SummaryQuery): Promise<readonly Reader.MetricsRow[]> {
    return this.#windows.read(summaryAsMetrics(query));
  }

  async readSpan(tenantId: TenantFilter): Promise<TimeRange | null> {
    return this.#windows.readSpan(tenantId);
  }

  async readChanges(query: Reader.ChangesQuery): Promise<readonly Reader.ChangedRow[]> {
    return this.#windows.readChanges(query);
  }

  async readDimensions(tenantId: TenantFilter): Promise<readonly Reader.SeriesActivity[]> {
    return this.#windows.readDimensions(tenantId);
  }

  async readCalls(query: Reader.CallsQuery): Promise<readonly Call[]> {
    return readCalls(this.#connection, query);
  }

  async countCalls(query: Reader.KeptQuery): Promise<Reader.KeptCalls> {
    return countCalls(this.#connection, query);
  }

  async readCall(tenantId: string, requestId: string): Promise<Call | null> {
    return readCall(this.#connection, tenantId, requestId);
  }

  async readEvaluations(query: Reader.EvaluationsQuery): Promise<readonly Reader.EvaluationRow[]> {
    return Records.readEvaluations(this.#connection, query);
  }

  async readProgress(): Promise<ReadonlyMap<number, Progress>> {
    return Records.readProgress(this.#connection);
  }

  async readDimensionValues(query: Reader.DimensionValuesQuery): Promise<readonly Reader.DimensionActivity[]> {
    return this.#windows.readDimensionValues(query);
  }

  async readAuditTotals(query: Reader.AuditQuery): Promise<Reader.AuditTotals> {
    return Records.readAuditTotals(this.#connection, query);
  }

  async readAudit(query: Reader.AuditQuery): Promise<readonly Reader.AuditRow[]> {
    return Records.readAudit(this.#connection, query);
  }

  async readCoverage(query: CoveragePageQuery): Promise<readonly CoverageRow[]> {
    return readCoverage(this.#connection, query);
  }

  async readCoverageTotals(query: CoverageQuery): Promise<readonly CoverageTotal[]> {
    return readCoverageTotals(this.#connection, query);
  }

  async readMeterRoom(fromMs: number): Promise<MeterRoom> {
    return readMeterRoom(this.#connection, fromMs);
  }

  async readDeadLetters(query: {
    limit: number;
    before: Reader.DeadLetterCursor | null;
  }): Promise<readonly DeadLetter[]> {
    return Records.readDeadLetters(this.#connection, query);
  }

  async readUsage(query: Reader.UsageQuery): Promise<readonly Reader.UsageRow[]> {
    return Records.readUsage(this.#connection, query);
  }

  async unpublishedRows(limit: number): Promise<readonly PublishableRow[]> {
    return this.#windows.unpublished(limit);
  }

  async markRowsPublished(rows: readonly PublishableRow[]): Promise<void> {
    await this.#windows.markPublished(rows);
  }

  async unpublishedDeadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return Records.unpublishedDeadLetters(this.#connection, limit);
  }

  async markDeadLettersPublished(letters: readonly DeadLetter[]): Promise<void> {
    await Records.markDeadLettersPublished(this.#connection, letters);
  }

  async reprice(
    corrections: readonly CostCorrection[],
    committedAtMs: number,
    shares: readonly RepricedShare[] = [],
  ): Promise<number> {
    return reprice(this.#connection, { corrections, shares }, committedAtMs);
  }

  async repriceCalls(corrections: readonly CallCorrection[]): Promise<void> {
    await repriceCalls(this.#connection, corrections);
  }

  async packDays(query: PackQuery): Promise<boolean> {
    return this.#packer.pack(query);
  }

  async prune(before: PruneBefore): Promise<void> {
    await this.#partitions.openAhead();
    await prune(this.#connection, this.#partitions, before);
    this.#dimensionValues.forget();
  }

  whileWanted<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    return this.#connection.whileWanted(signal, read);
  }

  async checkHealth(): Promise<void> {
    await checkPostgresVersion(this.#connection);
  }

  async saveReconciliation(reconciliation: StoredReconciliation): Promise<void> {
    await saveReconciliation(this.#connection, reconciliation);
  }

  async readReconciliations(query: ReconciliationsQuery): Promise<readonly StoredReconciliation[]> {
    return readReconciliations(this.#connection, query);
  }

  async tellProcessor(processor: RunningProcessor): Promise<void> {
    await tellProcessor(this.#connection, processor);
  }

  async forgetProcessor(id: string): Promise<void> {
    await forgetProcessor(this.#connection, id);
  }

  async readProcessors(): Promise<readonly RunningProcessor[]> {
    return readProcessors(this.#connection);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** @returns false where one of them is not the next of its partition: then nothing changed */
  async #applyAll(commits: readonly Commit[]): Promise<boolean> {
    const added = additionsOf(commits);
    await this.#partitions.open(instantsOf(added));
    const names = await this.#dictionary.resolve(added);
    const tenantKeyOf = (delta: EvaluationDelta): number => names.pairs.get(pairKey(delta))?.tenantKey ?? 0;
    const judged = await this.#evaluationNames.resolve(added.evaluations, tenantKeyOf);
    const pieces = await this.#piecesOf(added, names);
    const { values, lastWindows } = commitDocument({ names, judged, pieces }, commits, added);
    const [row] = await this.#connection.query(COMMIT_CALL, values);
    if (row?.[0] !== true) return false;
    for (const [series, startMs] of lastWindows) {
      series.lastWindowStartMs = Math.max(series.lastWindowStartMs ?? -1, startMs);
    }
    await this.#merger.committed(pieces);
    return true;
  }

  async #piecesOf({ dimensions }: Additions, names: ResolvedNames): Promise<readonly WindowPiece[]> {
    if (dimensions.length === 0) return [];
    const refOf = ({ series }: Pick<DimensionDelta, 'series'>): SeriesRef =>
      names.series.get(seriesKey(series)) as SeriesRef;
    const numbersOf = await this.#dimensionValues.resolve(dimensions, (delta) => refOf(delta).tenantKey);
    return piecesOf(dimensions, (delta) => {
      const { id, tenantKey } = refOf(delta);
      return { tenantKey, seriesId: id, numbersOf: numbersOf(delta) };
    });
  }
}

/** Everything that lies in a time partition. */
function* instantsOf({ tallies, usages, evaluations, calls }: Additions): Iterable<number> {
  for (const rows of [tallies, usages, evaluations]) for (const row of rows) yield row.windowStartMs;
  for (const { call } of calls) yield call.timestampMs;
}
