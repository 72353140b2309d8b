import { useEffect, useState } from 'preact/hooks';
import type { MetricsRow } from './api-answers.ts';
import {
  isFound,
  type NameColumn,
  NUMBERS,
  type NumberColumn,
  namesOf,
  rowKey,
  sortRows,
  titleOf,
} from './breakdown-rows.ts';
import { type DimensionName, dimensionWord, isDimensionName, optionsOf, pickOf, valueText } from './dimension-names.ts';
import { DimensionNote, WholeHours } from './dimension-note.tsx';
import { formatCount } from './format-number.ts';
import { goToTop } from './go-to-top.ts';
import { isLongName, Name } from './name.tsx';
import { ScrollRegion } from './scroll-region.tsx';
import { Segments } from './segments.tsx';
import type { Snapshot } from './snapshot.ts';
import { useSeen } from './use-seen.ts';
import type { ChangeView } from './use-view.ts';
import type { Rows } from './view.ts';

export interface BreakdownProps {
  /** Its rows may be only the busiest. */
  readonly snapshot: Snapshot;
  readonly areAllShown: boolean;
  /** What was chosen; the snapshot may be of another choice still. */
  readonly rows: Rows;
  readonly sort: string;
  /** By what else calls are summed, so that it may have rows. */
  readonly dimensions: readonly DimensionName[];
  /** Whether calls are summed by nothing else, whatever is shown. */
  readonly areNoneKept: boolean;
  readonly change: ChangeView;
  /** Told whether anybody sees it. */
  readonly onSeen: (isSeen: boolean) => void;
  /** Asks for what was not asked for while nobody saw it. */
  readonly look: () => void;
}

/** More rows than these are searched rather than read. */
const SEARCHED_ROWS = 15;
/** So many are shown until more are asked for, so that what stands below is not far away. */
const FIRST_ROWS = 20;
/** Bars of error rates are as wide as this rate: a rare error must not fill its cell because others are rarer. */
const ERROR_BAR_SHARE = 0.2;

/** Every tenant, every route and model, or every value of a dimension, of the range; a name narrows the page to it. */
export function Breakdown(props: BreakdownProps) {
  const { snapshot, areAllShown, rows: chosenRows, sort, dimensions, areNoneKept, change, onSeen, look } = props;
  const [section, isSeen] = useSeen<HTMLElement>();
  onSeen(isSeen);
  useEffect(() => {
    if (isSeen && !snapshot.isBreakdownOfNow) look();
  }, [isSeen]);
  const [search, setSearch] = useState('');
  const [isWhole, setIsWhole] = useState(false);
  const { breakdown, rows, rowCount } = snapshot;
  const names = namesOf(rows, snapshot.tenant === null);
  const sorted = sortRows(
    breakdown.filter((row) => isFound(row, names, search)),
    names,
    sort,
  );
  const hasMore = search === '' && sorted.length > FIRST_ROWS;
  const shown = hasMore && !isWhole ? sorted.slice(0, FIRST_ROWS) : sorted;
  const largest = new Map(
    NUMBERS.map(({ key, value }) => {
      const values = breakdown.map((row) => value(row) ?? 0);
      return [key, Math.max(...values, key === 'errors' ? ERROR_BAR_SHARE : 0)];
    }),
  );
  const options = rowOptions(areAllShown, dimensions);
  return (
    <section ref={section} class="panel" aria-labelledby="breakdown-title">
      <header class="section-head">
        <h2 id="breakdown-title">{titleOf(rows)}</h2>
        <span class="hint">
          {breakdown.length < rowCount
            ? `the ${breakdown.length} busiest of ${formatCount(rowCount)}`
            : `${rowCount} in this range`}
          <WholeHours snapshot={snapshot} />
        </span>
        {breakdown.length > SEARCHED_ROWS && (
          <input
            type="search"
            class="search"
            placeholder={findText(rows)}
            aria-label={findText(rows)}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        )}
        {options.length > 1 && (
          <Segments
            legend="Rows"
            name="rows"
            options={options}
            value={areAllShown || isDimensionName(chosenRows) ? chosenRows : 'route,model'}
            onChange={(chosen) => change({ rows: chosen })}
          />
        )}
      </header>
      <ScrollRegion label={`Table of ${tableName(rows)}`}>
        <table class="breakdown">
          <thead>
            <tr>
              {names.map((column) => (
                <SortHeader key={column.key} {...{ column, sort, change }} isName />
              ))}
              {NUMBERS.map((column) => (
                <SortHeader key={column.key} {...{ column, sort, change }} isName={false} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={rowKey(row, names)}>
                {names.map((column, index) => (
                  <NameCell key={column.key} {...{ column, row, rows, change }} isFirst={index === 0} />
                ))}
                {NUMBERS.map((column) => (
                  <NumberCell key={column.key} {...{ column, row }} largest={largest.get(column.key) ?? 0} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <DimensionNote breakdown={breakdown} rows={rows} />
      {sorted.length === 0 && breakdown.length > 0 && <p class="quiet">Nothing here is named so.</p>}
      {hasMore && (
        <footer class="panel-foot">
          <button type="button" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
            {isWhole ? `Show the first ${FIRST_ROWS}` : `Show all ${formatCount(sorted.length)}`}
          </button>
        </footer>
      )}
      {areNoneKept && (
        <footer class="panel-foot hint">
          Rows by user, session, team or what else your calls say: set <code>METRIC_DIMENSIONS=user,team</code>
        </footer>
      )}
    </section>
  );
}

function rowOptions(areAllShown: boolean, dimensions: readonly DimensionName[]) {
  const own = areAllShown ? (['tenant', 'route,model'] as const) : (['route,model'] as const);
  const series = own.map((value): { value: Rows; label: string } => ({ value, label: titleOf(value) }));
  return [...series, ...optionsOf(dimensions)];
}

function findText(rows: Rows): string {
  if (isDimensionName(rows)) return `Find a ${dimensionWord(rows)}`;
  return rows === 'tenant' ? 'Find a tenant' : 'Find a route or model';
}

function tableName(rows: Rows): string {
  return isDimensionName(rows) ? `calls by ${dimensionWord(rows)}` : titleOf(rows).toLowerCase();
}

interface NameCellProps {
  readonly column: NameColumn;
  readonly row: MetricsRow;
  readonly rows: Rows;
  readonly isFirst: boolean;
  readonly change: ChangeView;
}

function NameCell({ column: { key, name }, row, rows, isFirst, change }: NameCellProps) {
  const own = name(row);
  const text = isDimensionName(rows) && key === 'value' ? valueText(own, rows) : own;
  const narrow = (): void => {
    if (key !== 'value') change({ [key]: own });
    else if (isDimensionName(rows)) change(pickOf({ name: rows, value: own }, row.tenant_id));
    if (key === 'tenant' || key === 'value') goToTop();
  };
  const button = <NameButton text={text} onClick={narrow} />;
  return isFirst ? (
    <th scope="row" class="name-cell">
      {button}
    </th>
  ) : (
    <td class="name-cell">{button}</td>
  );
}

function NameButton({ text, onClick }: { readonly text: string; readonly onClick: () => void }) {
  return (
    <button type="button" class="link" aria-label={isLongName(text) ? text : undefined} onClick={onClick}>
      <Name text={text} />
    </button>
  );
}

interface SortHeaderProps {
  readonly column: Pick<NameColumn | NumberColumn, 'key' | 'label'>;
  readonly isName: boolean;
  readonly sort: string;
  readonly change: ChangeView;
}

function SortHeader({ column: { key, label }, isName, sort, change }: SortHeaderProps) {
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
  readonly column: NumberColumn;
  readonly row: MetricsRow;
  readonly largest: number;
}) {
  const value = column.value(row);
  const share = largest > 0 ? (value ?? 0) / largest : 0;
  return (
    <td class="number" title={column.hint?.(row)}>
      {column.format(value, row)}
      {column.bar !== undefined && (
        <i class="cell-bar" aria-hidden="true">
          <i style={{ width: `${(share * 100).toFixed(1)}%`, background: `var(--${column.bar})` }} />
        </i>
      )}
    </td>
  );
}
