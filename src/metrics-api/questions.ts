import type { MetricSource } from '../exposition/metric-family.ts';
import type * as Reader from '../metrics-store/metrics-reader.ts';
import type { ReconciliationsQuery } from '../metrics-store/reconciliation.ts';
import type { CoveragePageQuery } from '../metrics-store/sender-use.ts';
import type { TenantFilter } from '../metrics-store/tenant-filter.ts';

import type { TimeRange } from '../tally/steps.ts';
import type { Asked } from './cursor.ts';
import type { ExportCursor, ExportPage, ExportQuery } from './export/export-query.ts';
import type { LlmTotals } from './prometheus/llm-totals.ts';

/** A question that is answered page by page: what the cursor of the next one must be asked with. */
interface Paged {
  readonly asked: Asked;
}

/** The questions of the metrics API, checked and typed: plain values, so that another thread can answer them. */
export interface Questions {
  readonly metrics: MetricsQuestion;
  readonly summary: SummaryQuestion;
  readonly top: TopQuestion;
  readonly dimensions: DimensionsQuestion;
  readonly calls: CallsQuestion;
  readonly call: CallQuestion;
  readonly evaluations: Reader.EvaluationsQuery;
  readonly audit: AuditQuestion;
  readonly coverage: CoverageQuestion;
  readonly unpriced: Reader.UsageQuery;
  readonly reconciliations: ReconciliationsQuery;
}
export type QuestionKind = keyof Questions;

/**
 * Whoever asks the store. An answer is the text of a JSON object's fields, without its braces: those that tell how
 * complete it is come to them when it is sent.
 */
export interface Answerer {
  /**
   * Null where there is no such thing. @throws {StorageError} when the store cannot be asked, or nobody waits any more
   * @throws {TooMuchToRead} beyond `rowsMax`
   */
  answer<K extends QuestionKind>(kind: K, question: Questions[K], errand: Errand): Promise<string | null>;
  changes(question: Reader.ChangesQuery): Promise<readonly ChangeEvent[]>;
  readState(): Promise<Reader.StoreState>;
  /** By tenant, route and model, of whole days. @throws {StorageError} when the store cannot be asked */
  llmTotals(range: TimeRange, errand: Errand): Promise<readonly LlmTotals[]>;
  /** The rows after the cursor. @throws {StorageError} when the store cannot be asked */
  exportPage(request: ExportRequest, errand: Errand): Promise<ExportPage>;
  /** What it tells of itself to whoever watches this process. */
  readonly metrics?: MetricSource | undefined;
  /** @throws {StorageError} when the store cannot be asked */
  checkHealth(): Promise<void>;
  close(): Promise<void>;
}

export interface ExportRequest {
  readonly query: ExportQuery;
  readonly cursor: ExportCursor | null;
}

/** How a question is to be answered. */
export interface Errand {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Whether it may read so much that others should not stand behind it. */
  readonly isLong: boolean;
  /** How many rows it may read, where it asks for sums; absent: all there are. */
  readonly rowsMax?: number;
  /** Where it is given, rows come as parts of the text as they are found, and the answer is what comes behind them. */
  readonly onPart?: (text: string) => void;
}

export interface MetricsQuestion extends Paged, Omit<Reader.MetricsQuery, 'steps' | 'after'> {
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

export interface TopQuestion extends Omit<Reader.SummaryQuery, keyof TimeRange> {
  readonly measure: 'cost' | 'latency' | 'errors';
  readonly range: TimeRange;
  /** What it is compared with. */
  readonly compared: TimeRange;
  readonly limit: number;
}

export interface DimensionsQuestion extends Paged {
  readonly tenantId: TenantFilter;
  /** By what else is summed, as the settings say: it is told with the rest. */
  readonly metricDimensions: readonly string[];
  readonly limit: number;
  /** Where the page before ended in each list; null where that list was at its end. */
  readonly cursor: DimensionsCursor | null;
}
export type DimensionsCursor = Readonly<Record<Reader.Dimension, Reader.DimensionActivity | null>>;

export interface CallsQuestion extends Paged, Reader.CallsQuery {
  /** Whether to say how many are kept at all. */
  readonly isCounted: boolean;
}

export interface CallQuestion {
  readonly tenantId: string;
  readonly requestId: string;
}

export interface AuditQuestion extends Paged, Reader.AuditQuery {
  readonly page: { readonly limit: number; readonly after: Reader.AuditCursor | null };
  /** Whether the answer tells of records that name no tenant. */
  readonly maySeeAll: boolean;
}

export interface CoverageQuestion extends Paged, CoveragePageQuery {}

export interface ChangeEvent {
  readonly changedAtMs: number;
  readonly windowStartMs: number;
  /** Names the row. */
  readonly key: string;
  readonly revision: number;
  readonly json: string;
}
