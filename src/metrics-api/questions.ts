import type * as Reader from '../metrics-store/metrics-reader.ts';
import type { CoveragePageQuery } from '../metrics-store/sender-use.ts';

/** The questions of the metrics API, checked and typed: plain values, so that another thread can answer them. */
export interface Questions {
  readonly metrics: MetricsQuestion;
  readonly summary: SummaryQuestion;
  readonly dimensions: DimensionsQuestion;
  readonly calls: CallsQuestion;
  readonly call: CallQuestion;
  readonly evaluations: Reader.EvaluationsQuery;
  readonly audit: AuditQuestion;
  readonly coverage: CoveragePageQuery;
  readonly unpriced: Reader.UsageQuery;
}
export type QuestionKind = keyof Questions;

/**
 * Whoever asks the store. An answer is the text of a JSON object's fields, without its braces: those that tell how
 * complete it is come to them when it is sent.
 */
export interface Answerer {
  /**
   * Null where there is no such thing. @throws {StorageError} when the store cannot be asked, or nobody waits any
   * more
   */
  answer<K extends QuestionKind>(kind: K, question: Questions[K], errand: Errand): Promise<string | null>;
  changes(question: Reader.ChangesQuery): Promise<readonly ChangeEvent[]>;
  readState(): Promise<Reader.StoreState>;
  /** @throws {StorageError} when the store cannot be asked */
  checkHealth(): Promise<void>;
  close(): Promise<void>;
}

/** How a question is to be answered. */
export interface Errand {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Whether it may read so much that others should not stand behind it. */
  readonly isLong: boolean;
}

export interface MetricsQuestion extends Omit<Reader.MetricsQuery, 'steps' | 'after'> {
  readonly stepMs: number;
  /** Whose clocks the steps follow; null: UTC. */
  readonly timezone: string | null;
  readonly quantiles: readonly number[];
  readonly cursor: Reader.MetricsCursor | null;
}

export interface SummaryQuestion extends Reader.SummaryQuery {
  readonly quantiles: readonly number[];
  readonly limit: number;
}

export interface DimensionsQuestion {
  readonly tenantId: string | null;
  readonly limit: number;
  /** Where the page before ended in each list; null where that list was at its end. */
  readonly cursor: DimensionsCursor | null;
}
export type DimensionsCursor = Readonly<Record<Reader.Dimension, Reader.DimensionActivity | null>>;

export interface CallsQuestion extends Reader.CallsQuery {
  /** Whether to say how many are kept at all. */
  readonly isCounted: boolean;
}

export interface CallQuestion {
  readonly tenantId: string;
  readonly requestId: string;
}

export interface AuditQuestion extends Reader.AuditQuery {
  readonly page: { readonly limit: number; readonly after: Reader.AuditCursor | null };
  /** Whether the answer tells of records that name no tenant. */
  readonly maySeeAll: boolean;
}

export interface ChangeEvent {
  readonly changedAtMs: number;
  readonly windowStartMs: number;
  /** Names the row. */
  readonly key: string;
  readonly revision: number;
  readonly json: string;
}
