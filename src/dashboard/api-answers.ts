/** What the metrics API answers; see `/openapi.json`. */
export interface MetricsRow {
  readonly route?: string;
  readonly model?: string;
  readonly window_start: string;
  readonly requests: number;
  readonly errors: number;
  readonly completed: number;
  readonly in_flight: number;
  readonly unanswered: number;
  readonly estimated_cost_usd: number | null;
  readonly avg_latency_ms: number | null;
  readonly p50_latency_ms: number | null;
  readonly p95_latency_ms: number | null;
  readonly p99_latency_ms: number | null;
  readonly p95_ttft_ms: number | null;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cached_prompt_tokens: number;
  readonly reasoning_tokens: number;
  readonly unpriced_requests: number;
}

export interface Completeness {
  readonly as_of: string;
  readonly complete_until: string | null;
  readonly lag_ms: number | null;
}

export interface MetricsAnswer extends Completeness {
  readonly metrics: readonly MetricsRow[];
  readonly next_cursor?: string;
}

/** One row per group over the whole range, busiest first. */
export interface SummaryAnswer extends Completeness {
  readonly summary: readonly MetricsRow[];
  readonly group_count: number;
}

export interface DimensionValue {
  readonly value: string;
  readonly last_activity: string;
}

export interface Dimensions {
  readonly tenants: readonly DimensionValue[];
  readonly routes: readonly DimensionValue[];
  readonly models: readonly DimensionValue[];
}

export type CallStatus = 'completed' | 'error' | 'waiting' | 'unanswered';

export interface Call {
  readonly request_id: string;
  readonly route: string;
  readonly model: string;
  readonly provider: string | null;
  readonly timestamp: string;
  readonly status: CallStatus;
  readonly latency_ms: number | null;
  readonly time_to_first_token_ms: number | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_prompt_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly finish_reason: string | null;
  readonly error: string | null;
  readonly user_id_hash: string | null;
  readonly session_id: string | null;
  readonly metadata: unknown;
  readonly answered_model: string | null;
  readonly estimated_cost_usd: number | null;
}

export interface CostLine {
  readonly part: string;
  readonly tokens: number;
  readonly usd_per_million_tokens: number;
  readonly cost_usd: number;
}

export interface CallDetail extends Call {
  readonly cost_lines: readonly CostLine[];
  readonly price_source: string | null;
}

export interface CallsAnswer {
  readonly calls: readonly Call[];
  readonly next_cursor: string | null;
  /** How many of the range are kept one by one. */
  readonly kept?: { readonly calls: number; readonly errors: number };
}

export interface AuditCounts {
  readonly accepted: number;
  readonly counted: number;
  readonly waiting: number;
  readonly duplicates: number;
  readonly dead_letters: number;
}

export interface Audit {
  readonly balanced: boolean;
  readonly totals: AuditKinds;
}

export type AuditKinds = Readonly<Record<'requests' | 'responses' | 'evaluations', AuditCounts>>;

export interface Unpriced {
  readonly unpriced: readonly {
    readonly provider: string | null;
    readonly model: string;
    readonly calls: number;
    readonly calls_without_tokens: number;
  }[];
}
