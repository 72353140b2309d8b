import type { MetricSource } from '../exposition/metric-family.ts';
import type { Series } from '../tally/series.ts';
import type { BilledModel } from '../tally/usage.ts';
import type { RepricedSums } from './billed-columns.ts';
import type { Call } from './call.ts';
import type { Commit, CommitOutcome, Progress } from './commit.ts';
import type { MetricsReader } from './metrics-reader.ts';
import type { DeadLetter, PublishableRow } from './outbox.ts';
import type { RunningProcessor } from './processors.ts';
import type { StoredReconciliation } from './reconciliation.ts';
import type { ValueShare } from './repriced-windows.ts';

/**
 * The second port: where sums live. Three adapters pass one suite (`metrics-store.contract.ts`): memory, SQLite,
 * Postgres. The stored row is the accumulator: a commit adds to it, so the processor holds no window at all.
 */
export interface MetricsStore extends MetricsReader {
  /** Where a partition stands, or null before its first commit. */
  loadProgress(partition: number): Promise<Progress | null>;

  /**
   * Adds everything in `commits`, at most one a partition, and moves the progress of their partitions, in one
   * transaction. A row that several of them add to is written once.
   *
   * A fenced part is left out, the others are applied. A group whose answer was lost may be sent again: the stored
   * `token` tells which parts were applied, and those are not added twice (`standingOf` argues why).
   *
   * @returns the outcome of each, in the same order
   * @throws {StorageError} `unavailable`: any of it may or may not have been applied; send the same group again.
   */
  commit(commits: readonly Commit[]): Promise<readonly CommitOutcome[]>;

  /**
   * Minute rows that changed since they were last published, merged over providers, oldest change first.
   * @param limit at most this many
   */
  unpublishedRows(limit: number): Promise<readonly PublishableRow[]>;

  /** Remembers the revisions that are on the topic; a row that changed meanwhile stays unpublished. */
  markRowsPublished(rows: readonly PublishableRow[]): Promise<void>;

  unpublishedDeadLetters(limit: number): Promise<readonly DeadLetter[]>;
  markDeadLettersPublished(letters: readonly DeadLetter[]): Promise<void>;

  /**
   * Adds cost corrections to the usage rows and to the minute, hour and day rows they belong to, in one transaction.
   * The minute rows count as changed at `committedAtMs`, so they are published again.
   *
   * A correction whose usage row is gone or no longer costs what it is `expected` to is skipped, so that two of them
   * made from one reading are applied once. Whoever wants the rest reads the usage again. At most one correction per
   * usage row.
   *
   * @param shares whose calls they are of, by dimension. Where they come to exactly what is applied to a series and
   *   minute, the values change by them; else the change is added up under `__repriced__`.
   * @returns how many were applied
   */
  reprice(
    corrections: readonly CostCorrection[],
    committedAtMs: number,
    shares?: readonly RepricedShare[],
  ): Promise<number>;

  /** Sets the cost of single calls that still cost what they are expected to. Sums stay as they are. */
  repriceCalls(corrections: readonly CallCorrection[]): Promise<void>;

  /** Keeps a reconciliation, and forgets all but the newest `RECONCILIATIONS_MAX`. Saved again it is replaced. */
  saveReconciliation(reconciliation: StoredReconciliation): Promise<void>;

  /** Keeps what a processor tells of itself, in place of what it told before. */
  tellProcessor(processor: RunningProcessor): Promise<void>;

  /** To be told by a processor that stops. */
  forgetProcessor(id: string): Promise<void>;

  /** Who told of itself lately, by place. */
  readProcessors(): Promise<readonly RunningProcessor[]>;

  /**
   * Forgets what lies before the given instants. Windows and calls by event time, dead letters by log time. Usage and
   * evaluations go with the minutes, the audit with the hours.
   */
  prune(before: PruneBefore): Promise<void>;

  /**
   * Prepares some of the days that are over for questions over long ranges, which are answered alike without. Absent
   * where nothing is prepared.
   *
   * @returns whether there is more to do
   */
  packDays?(query: PackQuery): Promise<boolean>;

  /**
   * What `read` asks is stopped, and fails, once `signal` is aborted. Absent where the store answers in a thread of its
   * own, which is stopped by other means.
   */
  whileWanted?<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T>;

  /** What it tells of itself to whoever watches this process. Absent where there is nothing to tell. */
  readonly metrics?: MetricSource;

  /** @throws {StorageError} when the store cannot be reached or its schema is not ours; says what to do. */
  checkHealth(): Promise<void>;

  close(): Promise<void>;
}

/** New minus old, for one usage row. */
export interface CostCorrection {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly change: RepricedSums;
  /** What the row said when the correction was made. */
  readonly expected: RepricedSums;
}

export interface RepricedShare extends ValueShare {
  readonly series: Series;
  /** Of the minute. */
  readonly windowStartMs: number;
}

export interface CallCorrection
  extends Pick<
    Call,
    'tenantId' | 'timestampMs' | 'requestId' | 'costPicoUsd' | 'listCostPicoUsd' | 'costSource' | 'bill'
  > {
  readonly expectedPicoUsd: bigint | null;
}

export interface PackQuery {
  /** Days that begin from here on and before `beforeMs`; both are midnights. */
  readonly fromMs: number;
  readonly beforeMs: number;
  /** So many rows are read in one go, and those of one day more. */
  readonly rowsMax: number;
}

export interface PruneBefore {
  readonly minutesMs: number;
  readonly hoursMs: number;
  readonly daysMs: number;
  readonly callsMs: number;
  readonly deadLettersMs: number;
}
