import type { Report } from './report.ts';

/** A report that another report of its trace stands for. */
export interface Folded {
  readonly report: Report;
  /** The request id of the report that stands for it within the trace. */
  readonly into: string;
  readonly rule: string;
}
