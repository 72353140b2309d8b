import type * as Contract from '../metrics-api/contract/answers.ts';

/** What the metrics API answers; see `/openapi.json`. */
export type {
  AuditAnswer as Audit,
  AuditCounts,
  Call,
  CallDetail,
  CallStatus,
  CallsAnswer,
  Completeness,
  CostLine,
  CoverageAnswer as Coverage,
  DimensionsAnswer as Dimensions,
  DimensionValue,
  Reconciliation,
  ReconciliationsAnswer as Reconciliations,
  UnpricedAnswer as Unpriced,
} from '../metrics-api/contract/answers.ts';
export type { TopAnswer as TopChanges } from '../metrics-api/contract/top-answer.ts';

/** The page never groups by error kind, so that its rows have all sums. */
export type MetricsRow = Omit<Contract.MetricsRow, Contract.SumOfWholeRow> & {
  readonly [F in Contract.SumOfWholeRow]: NonNullable<Contract.MetricsRow[F]>;
};
export type MetricsAnswer = Omit<Contract.MetricsAnswer, 'metrics'> & { readonly metrics: MetricsRow[] };
export type SummaryAnswer = Omit<Contract.SummaryAnswer, 'summary'> & { readonly summary: MetricsRow[] };
