/** What the metrics API answers; see `/openapi.json`. */
export type {
  AuditAnswer as Audit,
  AuditCounts,
  Call,
  CallDetail,
  CallStatus,
  CallsAnswer,
  Completeness,
  DimensionsAnswer as Dimensions,
  DimensionValue,
  MetricsAnswer,
  MetricsRow,
  SummaryAnswer,
  UnpricedAnswer as Unpriced,
} from '../metrics-api/contract/answers.ts';
