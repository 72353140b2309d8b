import type { CallStatus } from '../metrics-store/call.ts';
import type { GroupBy } from '../metrics-store/metrics-reader.ts';

/**
 * The questions of the metrics API, checked and typed, each answered with the JSON text of the response. Plain values
 * in and text out, so that the answer can come from a thread that may block.
 */
export interface MetricsQueries {
  metrics(question: MetricsQuestion): Promise<string>;
  changes(question: ChangesQuestion): Promise<readonly ChangeEvent[]>;
  dimensions(question: { tenantId: string | null }): Promise<string>;
  calls(question: CallsQuestion): Promise<string>;
  /** Null where no such call is kept. */
  call(question: { tenantId: string; requestId: string }): Promise<string | null>;
  evaluations(question: EvaluationsQuestion): Promise<string>;
  audit(question: { tenantId: string | null; fromMs: number; toMs: number }): Promise<string>;
  unpriced(question: { tenantId: string | null; fromMs: number; toMs: number }): Promise<string>;
  /** @throws {MetricsStoreError} when the store cannot be asked */
  checkHealth(): Promise<void>;
  close(): Promise<void>;
}

export interface MetricsQuestion {
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly groupBy: readonly GroupBy[];
  readonly quantiles: readonly number[];
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor: string | null;
}

export interface ChangesQuestion {
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly sinceMs: number;
  readonly limit: number;
}

export interface ChangeEvent {
  readonly changedAtMs: number;
  readonly windowStartMs: number;
  /** Names the row. */
  readonly key: string;
  readonly revision: number;
  readonly json: string;
}

export interface CallsQuestion {
  /** Whether to say how many are kept at all. */
  readonly isCounted: boolean;
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly status: CallStatus | null;
  readonly hasError: boolean | null;
  readonly latencyMsMin: number | null;
  readonly latencyMsMax: number | null;
  readonly userIdHash: string | null;
  readonly sessionId: string | null;
  readonly metadata: readonly (readonly [name: string, text: string])[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly order: 'newest' | 'slowest';
  readonly limit: number;
  readonly cursor: string | null;
}

export interface EvaluationsQuestion {
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly name: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly limit: number;
}
