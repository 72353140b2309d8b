import type { ErrorKind } from '../events/error-kind.ts';
import type { Steps, TimeRange } from '../tally/steps.ts';
import type { Tally } from '../tally/tally.ts';
import type { BilledModel, Usage } from '../tally/usage.ts';
import type { AuditCounts } from './audit.ts';
import type { Call, CallStatus } from './call.ts';
import type { KeptFilters } from './call-filters.ts';
import type { Progress } from './commit.ts';
import type { EvaluationTally } from './evaluation.ts';
import type { DeadLetter } from './outbox.ts';
import type { ReadBudget } from './read-budget.ts';
import type { ReconciliationsQuery, StoredReconciliation } from './reconciliation.ts';
import type { CoveragePageQuery, CoverageQuery, CoverageRow, CoverageTotal, MeterRoom } from './sender-use.ts';
import type { TenantFilter } from './tenant-filter.ts';

/** The reading half of the store: all that the metrics API needs. */
export interface MetricsReader {
  /** What is read after it is at least as new as it says. Cheap enough to be asked before every other question. */
  readState(): Promise<StoreState>;

  /** Rows per step, regrouped; ordered by step, then by the group's values ascending, the tenant first. */
  readMetrics(query: MetricsQuery): Promise<readonly MetricsRow[]>;

  /**
   * One row per group for the whole range, by the group's values ascending; without groups one, or none where nothing
   * was counted.
   */
  readSummary(query: SummaryQuery): Promise<readonly MetricsRow[]>;

  /**
   * The busiest groups of a summary, as `busiestOf` finds them. Absent where no store finds them faster than all of
   * them.
   */
  readBusiest?(query: SummaryQuery, limit: number): Promise<BusiestGroups>;

  /** The days that hold rows of these tenants; null where there are none. */
  readSpan(tenantId: TenantFilter): Promise<TimeRange | null>;

  /**
   * Minute rows changed at or after `sinceMs` (of `committedAtMs`), oldest change first. All rows of one
   * instant come together, even past `limit`: whoever goes on from the last `changedAtMs` always advances.
   */
  readChanges(query: ChangesQuery): Promise<readonly ChangedRow[]>;

  /** By tenant, route, model, provider. */
  readDimensions(tenantId: TenantFilter): Promise<readonly SeriesActivity[]>;

  /**
   * The values of one dimension with their newest window, the latest first, equal ones by value. Empty values are left
   * out.
   */
  readDimensionValues(query: DimensionValuesQuery): Promise<readonly DimensionActivity[]>;

  /** Equal values by ascending `requestId`. In the order `slowest`, calls without a latency are left out. */
  readCalls(query: CallsQuery): Promise<readonly Call[]>;
  /** How many calls are kept one by one, and how many of them failed: what a list of them is a sample of. */
  countCalls(query: KeptQuery): Promise<KeptCalls>;
  /** The newest call of that id. */
  readCall(tenantId: string, requestId: string): Promise<Call | null>;

  readEvaluations(query: EvaluationsQuery): Promise<readonly EvaluationRow[]>;

  /** Every partition that was ever committed. */
  readProgress(): Promise<ReadonlyMap<number, Progress>>;

  /** Sums per tenant and hour, oldest hour first, then by tenant. */
  readAudit(query: AuditQuery): Promise<readonly AuditRow[]>;

  /** What senders used by their calls and by their own metrics, newest hour first, then by tenant, service, session. */
  readCoverage(query: CoveragePageQuery): Promise<readonly CoverageRow[]>;

  /** The rows of `readCoverage` as one per tenant and service, by these. */
  readCoverageTotals(query: CoverageQuery): Promise<readonly CoverageTotal[]>;

  /** How near the registers of hours from `fromMs` on are to their bounds. */
  readMeterRoom(fromMs: number): Promise<MeterRoom>;

  /** The rows of `readAudit` as one, without regard to `page`. */
  readAuditTotals(query: AuditQuery): Promise<AuditTotals>;

  /** Newest first. */
  readDeadLetters(query: { limit: number; before: DeadLetterCursor | null }): Promise<readonly DeadLetter[]>;

  /** What was saved, the newest first. */
  readReconciliations(query: ReconciliationsQuery): Promise<readonly StoredReconciliation[]>;

  /** What the bill is made of, per series, billed model and minute; for recomputing costs and for what is unpriced. */
  readUsage(query: UsageQuery): Promise<readonly UsageRow[]>;
}

export interface StoreState {
  /**
   * Two equal ones from one reader, one after the other: between them nothing has changed that a reader can see. Null
   * where the store cannot tell.
   */
  readonly id: string | null;
  /**
   * Log time up to which every event is included, that of the least complete partition; null before the first commit.
   */
  readonly completeThroughMs: number | null;
}

export const GROUPS = ['tenant_id', 'route', 'model', 'provider', 'error_kind'] as const;
/** `dimension`: by the values of the one that the question is about. */
export type GroupBy = (typeof GROUPS)[number] | 'dimension';

/** One of METRIC_DIMENSIONS, whose rows are read instead of those of the series. */
export interface DimensionChoice {
  readonly name: string;
  /** Null: all values. `__none__` and `__overflow__` are values too. */
  readonly value: string | null;
}

export interface SummaryQuery extends TimeRange {
  readonly tenantId: TenantFilter;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  /**
   * Absent: none. With one, the range and all steps are whole hours, but where its minutes are kept: nothing finer is
   * found otherwise.
   */
  readonly dimension?: DimensionChoice;
  /** Both whole minutes. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy: readonly GroupBy[];
  /** Absent: it may read all there is. What is beyond it ends the reading with `TooMuchToRead`. */
  readonly budget?: ReadBudget;
}

export interface MetricsQuery extends SummaryQuery {
  /** A step of which only a part lies in the range holds that part. */
  readonly steps: Steps;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Rows after this one in the asked order. */
  readonly after: MetricsCursor | null;
  /** Where it is given, it may be told the rows as they are found, some at a time; the answer is what is left. */
  readonly onRows?: (rows: readonly MetricsRow[]) => void;
}

/** Values not grouped by are ''. */
export interface MetricsCursor {
  readonly windowStartMs: number;
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  /** In the dimension. */
  readonly value?: string;
  readonly errorKind: string;
}

/** Dimensions that were not grouped by are null. */
export interface MetricsRow {
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly tenantId: string | null;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  /** In the dimension; only there where it was grouped by. */
  readonly value?: string;
  /** '' for calls without an error. Rows with it have counts only, see `splitByErrorKind`. */
  readonly errorKind: ErrorKind | '' | null;
  readonly tally: Tally;
}

/** The busiest groups of a summary, and how many there are. */
export interface BusiestGroups {
  /** By their requests, the most first; equal ones by the group's values. */
  readonly rows: readonly MetricsRow[];
  readonly groupCount: number;
  /** Of a dimension that was grouped by; null where some values were added up with others, so that nobody knows. */
  readonly distinctValues: number | null;
}

export interface ChangesQuery {
  readonly tenantId: TenantFilter;
  readonly route: string | null;
  readonly model: string | null;
  readonly sinceMs: number;
  readonly limit: number;
}

/** Merged over providers. */
export interface ChangedRow {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly windowStartMs: number;
  readonly tally: Tally;
  readonly revision: number;
  readonly changedAtMs: number;
}

export interface SeriesActivity {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  /** Start of the newest window. */
  readonly lastWindowStartMs: number;
}

export type KeptQuery = Pick<CallsQuery, 'tenantId' | 'route' | 'model' | 'fromMs' | 'toMs'>;

export interface KeptCalls {
  readonly calls: number;
  readonly errors: number;
}

export interface CallsQuery extends KeptFilters {
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly status: CallStatus | null;
  /** Whether the status is `error`. */
  readonly hasError: boolean | null;
  /** One of `ERROR_KINDS`. */
  readonly errorKind: string | null;
  readonly latencyMsMin: number | null;
  readonly latencyMsMax: number | null;
  /** Top-level metadata fields that must equal these texts. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly fromMs: number;
  readonly toMs: number;
  readonly order: 'newest' | 'slowest';
  readonly limit: number;
  /** Calls after this one: `value` is its timestampMs or latencyMs, as `order` says. */
  readonly after: { readonly value: number; readonly requestId: string } | null;
}

export interface EvaluationsQuery {
  readonly tenantId: string;
  readonly route: string | null;
  readonly model: string | null;
  readonly name: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly limit: number;
}

/** Merged over routes and models. Newest window first. */
export interface EvaluationRow {
  readonly name: string;
  readonly windowStartMs: number;
  readonly tally: EvaluationTally;
}

export const DIMENSIONS = ['tenant', 'route', 'model', 'provider'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface DimensionValuesQuery {
  readonly tenantId: TenantFilter;
  readonly dimension: Dimension;
  readonly limit: number;
  /** Values after this one. */
  readonly after: DimensionActivity | null;
}

export interface DimensionActivity {
  readonly value: string;
  /** Start of the newest window. */
  readonly lastWindowStartMs: number;
}

export interface AuditQuery extends TimeRange {
  /** Null: all tenants, and what names none. Empty: what names none. */
  readonly tenantId: TenantFilter;
  /** Absent: all rows. */
  readonly page?: { readonly limit: number; readonly after: AuditCursor | null };
}

export interface AuditCursor {
  readonly hourStartMs: number;
  readonly tenantId: string;
}

export interface AuditTotals {
  readonly counts: AuditCounts;
  readonly unbalancedRows: number;
  /** Null where there is no row. */
  readonly firstHourMs: number | null;
  readonly lastHourMs: number | null;
}

export interface AuditRow {
  readonly tenantId: string;
  readonly hourStartMs: number;
  readonly counts: AuditCounts;
}

export interface DeadLetterCursor {
  readonly loggedAtMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface UsageQuery {
  readonly tenantId: TenantFilter;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface UsageRow {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly usage: Usage;
}
