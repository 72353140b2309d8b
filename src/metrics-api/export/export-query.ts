import type { TenantFilter } from '../../metrics-store/tenant-filter.ts';
import type { TimeRange } from '../../tally/steps.ts';
import type { ExportRow } from './export-column.ts';

/** What may be exported; columns and pages are in `datasets.ts`. */
export const DATASET_NAMES = ['rows', 'dimensions', 'calls', 'focus'] as const;
export type DatasetName = (typeof DATASET_NAMES)[number];

/** Plain, so that another thread can answer it. */
export interface ExportQuery extends TimeRange {
  readonly dataset: DatasetName;
  readonly tenantId: TenantFilter;
  /** The length of a row of sums; of no meaning for single calls. */
  readonly stepMs: number;
  /** Of METRIC_DIMENSIONS, those whose sums are wanted; none but in the dataset of that name. */
  readonly dimensions: readonly string[];
  /** The account with the providers, as FOCUS rows name it. */
  readonly billingAccount: string;
}

/** Where a page ended, in terms of its dataset. */
export type ExportCursor = readonly (string | number)[];

export interface ExportPage {
  /** May be empty where more follow. */
  readonly rows: readonly ExportRow[];
  /** Null on the last one. */
  readonly next: ExportCursor | null;
}
