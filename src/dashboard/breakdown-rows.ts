import type { MetricsRow } from './api-answers.ts';
import { dimensionLabel, dimensionWord, isDimensionName, valueOf } from './dimension-names.ts';
import { formatCount, formatMs, formatShare, formatUsd } from './format-number.ts';
import type { Rows } from './view.ts';

export interface NameColumn {
  readonly key: 'tenant' | 'route' | 'model' | 'value';
  readonly label: string;
  readonly name: (row: MetricsRow) => string;
}

export interface NumberColumn {
  readonly key: string;
  readonly label: string;
  readonly value: (row: MetricsRow) => number | null;
  readonly format: (value: number | null, row: MetricsRow) => string;
  /** What a cell leaves out. */
  readonly hint?: (row: MetricsRow) => string | undefined;
  readonly bar?: 'series-1' | 'error' | 'quantile-2' | 'series-2';
}

const errorShare = (row: MetricsRow): number | null => (row.completed === 0 ? null : row.errors / row.completed);

const CALLS: NumberColumn = {
  key: 'requests',
  label: 'Calls',
  value: (row) => row.requests,
  format: formatCount,
  bar: 'series-1',
};
export const NUMBERS: readonly NumberColumn[] = [
  CALLS,
  { key: 'errors', label: 'Errors', value: errorShare, format: formatShare, bar: 'error' },
  { key: 'p50', label: 'p50', value: (row) => row.p50_latency_ms, format: formatMs },
  { key: 'p95', label: 'p95', value: (row) => row.p95_latency_ms, format: formatMs, bar: 'quantile-2' },
  { key: 'p99', label: 'p99', value: (row) => row.p99_latency_ms, format: formatMs },
  { key: 'in', label: 'Tokens in', value: (row) => row.prompt_tokens, format: formatCount },
  { key: 'out', label: 'Tokens out', value: (row) => row.completion_tokens, format: formatCount },
  { key: 'cost', label: 'Cost', value: knownCost, format: costText, hint: unpricedText, bar: 'series-2' },
];

/** Calls that failed cost nothing for sure, and beside calls without a price that says nothing of what they cost. */
function knownCost({ estimated_cost_usd: cost, unpriced_requests: unpriced }: MetricsRow): number | null {
  return cost === 0 && unpriced > 0 ? null : cost;
}

function costText(cost: number | null, { unpriced_requests: unpriced }: MetricsRow): string {
  return cost !== null && unpriced > 0 ? `≥ ${formatUsd(cost)}` : formatUsd(cost);
}

function unpricedText({ completed, unpriced_requests: unpriced }: MetricsRow): string | undefined {
  if (!(unpriced > 0)) return undefined;
  return `${formatCount(unpriced)} of ${formatCount(completed)} answered calls have no price, and are not in it`;
}

const TENANT: NameColumn = { key: 'tenant', label: 'Tenant', name: (row) => row.tenant_id ?? '' };
const PAIR: readonly NameColumn[] = [
  { key: 'route', label: 'Route', name: (row) => row.route ?? '' },
  { key: 'model', label: 'Model', name: (row) => row.model ?? '' },
];

/** What names a row. */
export function namesOf(rows: Rows, areAllShown: boolean): readonly NameColumn[] {
  if (rows === 'tenant') return [TENANT];
  if (!isDimensionName(rows)) return PAIR;
  const value: NameColumn = { key: 'value', label: dimensionLabel(rows), name: (row) => valueOf(row, rows) };
  return areAllShown ? [value, TENANT] : [value];
}

export function titleOf(rows: Rows): string {
  if (rows === 'tenant') return 'Tenants';
  return isDimensionName(rows) ? `By ${dimensionWord(rows)}` : 'Routes and models';
}

export function rowKey(row: MetricsRow, names: readonly NameColumn[]): string {
  return names.map(({ name }) => name(row)).join('\0');
}

/** Each word somewhere in a name. */
export function isFound(row: MetricsRow, names: readonly NameColumn[], search: string): boolean {
  const text = names
    .map(({ name }) => name(row))
    .join(' ')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Unknown values last, whichever way; equal ones by name. A column that is not there: as calls. */
export function sortRows(
  rows: readonly MetricsRow[],
  names: readonly NameColumn[],
  sort: string,
): readonly MetricsRow[] {
  const isDescending = sort.startsWith('-');
  const key = isDescending ? sort.slice(1) : sort;
  const byName = names.find((column) => column.key === key);
  const byNumber = NUMBERS.find((column) => column.key === key) ?? CALLS;
  // The order of a column that is not there is not asked for either.
  const isThere = byName !== undefined || byNumber.key === key;
  const direction = isDescending || !isThere ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a, b].map((row) => byName?.name(row) ?? byNumber.value(row)) as [Value, Value];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || compareNames(a, b, names);
    const order = typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y);
    return order === 0 ? compareNames(a, b, names) : order * direction;
  });
}

type Value = string | number | null;

function compareNames(a: MetricsRow, b: MetricsRow, names: readonly NameColumn[]): number {
  return rowKey(a, names).localeCompare(rowKey(b, names));
}
