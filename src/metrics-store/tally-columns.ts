import { TALLY_EXACT_SUMS, TALLY_HISTOGRAMS, TALLY_MAXIMA, TALLY_SUMS } from '../tally/tally.ts';
import { USAGE_EXACT_SUMS, USAGE_SUMS } from '../tally/usage.ts';
import { AUDIT_COUNTS, AUDIT_KINDS } from './audit.ts';
import { EVALUATION_SUMS } from './evaluation.ts';

/** The SQL column of a field: `latencyUsSum` → `latency_us_sum`. Both SQL stores name their columns so. */
export function columnOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export const TALLY_SUM_COLUMNS: readonly string[] = TALLY_SUMS.map(columnOf);
export const TALLY_MAX_COLUMNS: readonly string[] = TALLY_MAXIMA.map(columnOf);
export const TALLY_EXACT_COLUMNS: readonly string[] = TALLY_EXACT_SUMS.map(columnOf);
export const TALLY_HISTOGRAM_COLUMNS: readonly string[] = TALLY_HISTOGRAMS.map(columnOf);
export const USAGE_SUM_COLUMNS: readonly string[] = USAGE_SUMS.map(columnOf);
export const USAGE_EXACT_COLUMNS: readonly string[] = USAGE_EXACT_SUMS.map(columnOf);
export const AUDIT_COLUMNS: readonly string[] = AUDIT_COUNTS.map(columnOf);
export const EVALUATION_SUM_COLUMNS: readonly string[] = EVALUATION_SUMS.map(columnOf);

/** Whether a row of `audit_1h` balances, in the SQL that both stores speak: see `isBalanced`. */
export const AUDIT_ROW_BALANCES = [...AUDIT_KINDS, 'Reports']
  .map((kind) => {
    const outcomes = ['counted', 'folded', 'context', 'waiting', 'duplicate', 'dead'];
    const parts = outcomes
      .map((outcome) => columnOf(`${outcome}${kind}`))
      .filter((name) => AUDIT_COLUMNS.includes(name));
    return `${columnOf(`accepted${kind}`)} = ${parts.join(' + ')}`;
  })
  .join(' AND ');
