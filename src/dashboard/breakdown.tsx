import type { MetricsRow } from './api-answers.ts';
import { formatCount, formatMs, formatShare, formatUsd } from './format-number.ts';
import type { ChangeView } from './use-view.ts';

export interface BreakdownProps {
  readonly rows: readonly MetricsRow[];
  /** Of all there are; the rows may be only the busiest of them. */
  readonly pairCount: number;
  readonly sort: string;
  readonly change: ChangeView;
}

interface Column {
  readonly key: string;
  readonly label: string;
  readonly value: (row: MetricsRow) => number | string | null;
  readonly format: (value: number | null) => string;
  readonly bar?: 'series-1' | 'error' | 'quantile-2' | 'series-2';
}

const errorShare = (row: MetricsRow): number | null => (row.completed === 0 ? null : row.errors / row.completed);

const NUMBERS: readonly Column[] = [
  { key: 'requests', label: 'Calls', value: (row) => row.requests, format: formatCount, bar: 'series-1' },
  { key: 'errors', label: 'Errors', value: errorShare, format: formatShare, bar: 'error' },
  { key: 'p50', label: 'p50', value: (row) => row.p50_latency_ms, format: formatMs },
  { key: 'p95', label: 'p95', value: (row) => row.p95_latency_ms, format: formatMs, bar: 'quantile-2' },
  { key: 'p99', label: 'p99', value: (row) => row.p99_latency_ms, format: formatMs },
  { key: 'in', label: 'Tokens in', value: (row) => row.prompt_tokens, format: formatCount },
  { key: 'out', label: 'Tokens out', value: (row) => row.completion_tokens, format: formatCount },
  { key: 'cost', label: 'Cost', value: (row) => row.estimated_cost_usd, format: formatUsd, bar: 'series-2' },
];
const NAMES: readonly Column[] = [
  { key: 'route', label: 'Route', value: (row) => row.route ?? '', format: String },
  { key: 'model', label: 'Model', value: (row) => row.model ?? '', format: String },
];
const COLUMNS = [...NAMES, ...NUMBERS];

/** Every route and model of the range; a name narrows the page to it. */
export function Breakdown({ rows, pairCount, sort, change }: BreakdownProps) {
  const sorted = sortRows(rows, sort);
  const largest = new Map(
    NUMBERS.map(({ key, value }) => [key, Math.max(...rows.map((row) => Number(value(row) ?? 0)))]),
  );
  return (
    <section class="panel" aria-labelledby="breakdown-title">
      <header class="section-head">
        <h2 id="breakdown-title">Routes and models</h2>
        <span class="hint">
          {rows.length < pairCount
            ? `the ${rows.length} busiest of ${formatCount(pairCount)}`
            : `${pairCount} in this range`}
        </span>
      </header>
      {/* biome-ignore lint/a11y: what scrolls must be reachable by keys */}
      <div class="scroll" role="region" aria-label="Routes and models" tabIndex={0}>
        <table class="breakdown">
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <SortHeader key={column.key} {...{ column, sort, change }} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <tr key={`${row.route}\0${row.model}`}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => change({ route: row.route ?? null })}>
                    {row.route}
                  </button>
                </th>
                <td>
                  <button type="button" class="link" onClick={() => change({ model: row.model ?? null })}>
                    {row.model}
                  </button>
                </td>
                {NUMBERS.map((column) => (
                  <NumberCell key={column.key} {...{ column, row, largest: largest.get(column.key) ?? 0 }} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface SortHeaderProps {
  readonly column: Column;
  readonly sort: string;
  readonly change: ChangeView;
}

function SortHeader({ column: { key, label }, sort, change }: SortHeaderProps) {
  const isName = NAMES.some((column) => column.key === key);
  const direction = sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : 'none';
  // Names from A, numbers from the largest; a second click turns it round.
  const next = direction === 'none' ? (isName ? key : `-${key}`) : direction === 'ascending' ? `-${key}` : key;
  return (
    <th scope="col" aria-sort={direction} class={isName ? '' : 'number'}>
      <button type="button" class="sort" onClick={() => change({ sort: next })}>
        {label}
        <span aria-hidden="true" class="arrow">
          {direction === 'ascending' ? '↑' : '↓'}
        </span>
      </button>
    </th>
  );
}

function NumberCell({
  column,
  row,
  largest,
}: {
  readonly column: Column;
  readonly row: MetricsRow;
  readonly largest: number;
}) {
  const value = column.value(row) as number | null;
  const share = largest > 0 ? (value ?? 0) / largest : 0;
  return (
    <td class="number">
      {column.format(value)}
      {column.bar !== undefined && (
        <i class="cell-bar" aria-hidden="true">
          <i style={{ width: `${(share * 100).toFixed(1)}%`, background: `var(--${column.bar})` }} />
        </i>
      )}
    </td>
  );
}

/** Unknown values last, whichever way; equal ones by name. */
function sortRows(rows: readonly MetricsRow[], sort: string): readonly MetricsRow[] {
  const isDescending = sort.startsWith('-');
  const key = isDescending ? sort.slice(1) : sort;
  const column = COLUMNS.find((each) => each.key === key) ?? COLUMNS[2];
  const direction = isDescending ? -1 : 1;
  const name = (row: MetricsRow): string => `${row.route}\0${row.model}`;
  return rows.toSorted((a, b) => {
    const [x, y] = [column?.value(a) ?? null, column?.value(b) ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order = typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y);
    return order === 0 ? name(a).localeCompare(name(b)) : order * direction;
  });
}
