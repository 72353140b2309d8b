import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS } from '../tally/tally.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS } from '../tally/usage.ts';
import { AUDIT_BALANCES, AUDIT_COUNTS } from './audit.ts';
import { EVALUATION_SUMS } from './evaluation.ts';
import type { StoredColumns } from './stored-columns.ts';

/** The SQL column of a field: `latencyUsSum` → `latency_us_sum`. Both SQL stores name their columns so. */
export function columnOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

type ColumnOf<Field extends string> = Field extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${ColumnOf<Rest>}`
  : '';

/** Fields that some of these tables have no column for, in one schema or the other. */
type Unstored<Table extends keyof StoredColumns, Field extends string> = {
  [Each in Table]: Exclude<ColumnOf<Field>, StoredColumns[Each]>;
}[Table];

/** The columns of fields in these tables. With a field that a schema has forgotten it does not compile. */
export function columnsIn<Table extends keyof StoredColumns, Field extends string>(
  _tables: readonly Table[],
  fields: readonly Field[],
  ..._unstored: [Unstored<Table, Field>] extends [never] ? [] : [column: Unstored<Table, Field>]
): readonly string[] {
  return fields.map(columnOf);
}

const METRICS = ['metrics_1m', 'metrics_1h', 'metrics_1d'] as const;

export const TALLY_SUM_COLUMNS = columnsIn(METRICS, TALLY_SUMS);
export const TALLY_MAX_COLUMNS = columnsIn(METRICS, TALLY_MAXIMA);
export const TALLY_EXACT_COLUMNS = columnsIn(METRICS, TALLY_EXACT_SUMS);
export const TALLY_HISTOGRAM_COLUMNS = columnsIn(METRICS, TALLY_HISTOGRAMS);
export const USAGE_SUM_COLUMNS = columnsIn(['usage_1m'], USAGE_SUMS);
export const USAGE_EXACT_COLUMNS = columnsIn(['usage_1m'], USAGE_EXACT_SUMS);
export const AUDIT_COLUMNS = columnsIn(['audit_1h'], AUDIT_COUNTS);
export const EVALUATION_SUM_COLUMNS = columnsIn(['evaluations_1m'], EVALUATION_SUMS);

/** Whether a row of `audit_1h` balances, in the SQL that both stores speak: see `isBalanced`. */
export const AUDIT_ROW_BALANCES = AUDIT_BALANCES.map(
  ({ accepted, fates }) => `${columnOf(accepted)} = ${fates.map(columnOf).join(' + ')}`,
).join(' AND ');
