import type { Series } from '../tally/series.ts';
import type { BilledModel } from '../tally/usage.ts';
import type { Commit, Progress } from './commit.ts';
import type { MetricsReader } from './metrics-reader.ts';
import type { DeadLetter, PublishableRow } from './outbox.ts';

/**
 * The second port: where sums live. Three adapters pass one suite (`metrics-store.contract.ts`): memory, SQLite,
 * Postgres. The stored row is the accumulator: a commit adds to it, so the processor holds no window at all.
 */
export interface MetricsStore extends MetricsReader {
  /** Where a partition stands, or null before its first commit. */
  loadProgress(partition: number): Promise<Progress | null>;

  /**
   * Adds everything in `commit` and moves the partition's progress, in one transaction.
   *
   * `fenced`: the stored `seq` is not the expected one, so somebody else owns the partition; nothing was added.
   * A commit whose answer was lost may be sent again: the stored `token` tells that it was applied, and the
   * answer is `applied`.
   *
   * @throws {MetricsStoreError} `unavailable`: it may or may not have been applied; send the same commit again.
   */
  commit(commit: Commit): Promise<'applied' | 'fenced'>;

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
   * Adds cost corrections to the usage rows and to the minute, hour and day rows they belong to, in one transaction. A correction
   * whose usage row is gone is skipped. The minute rows count as changed at `committedAtMs`, so they are published again.
   *
   * Not idempotent: after `unavailable`, read the usage again and send what is still missing.
   */
  reprice(corrections: readonly CostCorrection[], committedAtMs: number): Promise<void>;

  /**
   * Forgets what lies before the given instants. Windows and calls by event time, dead letters by log time. Usage and
   * evaluations go with the minutes, the audit with the hours.
   */
  prune(before: PruneBefore): Promise<void>;

  /** @throws {MetricsStoreError} when the store cannot be reached or its schema is not ours; says what to do. */
  checkHealth(): Promise<void>;

  close(): Promise<void>;
}

/** New minus old, for one usage row. */
export interface CostCorrection {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly costPicoUsd: bigint;
  readonly unpricedCalls: number;
}

export interface PruneBefore {
  readonly minutesMs: number;
  readonly hoursMs: number;
  readonly daysMs: number;
  readonly callsMs: number;
  readonly deadLettersMs: number;
}
