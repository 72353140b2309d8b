import { useState } from 'preact/hooks';
import type { MetricsRow } from './api-answers.ts';
import { formatCount, formatMs, formatShare, formatUsd } from './format-number.ts';
import { isLongName, Name } from './name.tsx';
import { useSeen } from './use-seen.ts';
import type { ChangeView } from './use-view.ts';

export interface BreakdownProps {
  readonly rows: readonly MetricsRow[];
  /** How many pairs there are; the rows may be only the busiest of them. */
  readonly pairCount: number;
  readonly sort: string;
  readonly change: ChangeView;
  /** Told whether anybody sees it. */
  readonly onSeen: (isSeen: boolean) => void;
}

/** More rows than these are searched rather than read. */
const SEARCHED_ROWS = 15;
/** Bars of error rates are as wide as this rate: a rare error must not fill its cell because others are rarer. */
const ERROR_BAR_SHARE = 0.2;

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
export function Breakdown({ rows, pairCount, sort, change, onSeen }: BreakdownProps) {
  const [section, isSeen] = useSeen<HTMLElement>();
  onSeen(isSeen);
  const [search, setSearch] = useState('');
  const sorted = sortRows(
    rows.filter((row) => isFound(row, search)),
    sort,
  );
  const largest = new Map(
    NUMBERS.map(({ key, value }) => {
      const values = rows.map((row) => Number(value(row) ?? 0));
      return [key, Math.max(...values, key === 'errors' ? ERROR_BAR_SHARE : 0)];
    }),
  );
  return (
    <section ref={section} class="panel" aria-labelledby="breakdown-title">
      <header class="section-head">
        <h2 id="breakdown-title">Routes and models</h2>
        <span class="hint">
          {rows.length < pairCount
            ? `the ${rows.length} busiest of ${formatCount(pairCount)}`
            : `${pairCount} in this range`}
        </span>
        {rows.length > SEARCHED_ROWS && (
          <input
            type="search"
            class="search"
            placeholder="Find a route or model"
            aria-label="Find a route or model"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        )}
      </header>
      {/* biome-ignore lint/a11y: what scrolls must be reachable by keys */}
      <div class="scroll" role="region" aria-label="Table of routes and models" tabIndex={0}>
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
                <th scope="row" class="name-cell">
                  <NameButton text={row.route ?? ''} onClick={() => change({ route: row.route ?? null })} />
                </th>
                <td class="name-cell">
                  <NameButton text={row.model ?? ''} onClick={() => change({ model: row.model ?? null })} />
                </td>
                {NUMBERS.map((column) => (
                  <NumberCell key={column.key} {...{ column, row, largest: largest.get(column.key) ?? 0 }} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length === 0 && <p class="quiet">Nothing here is named so.</p>}
    </section>
  );
}

function NameButton({ text, onClick }: { readonly text: string; readonly onClick: () => void }) {
  return (
    <button type="button" class="link" aria-label={isLongName(text) ? text : undefined} onClick={onClick}>
      <Name text={text} />
    </button>
  );
}

function isFound({ route = '', model = '' }: MetricsRow, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/);
  return words.every((word) => `${route} ${model}`.toLowerCase().includes(word));
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
