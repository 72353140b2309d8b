import type { MetricsRow, TopChanges } from './api-answers.ts';
import { type DimensionName, dimensionField, dimensionWord, isDimensionName, valueOf } from './dimension-names.ts';
import { formatCount } from './format-number.ts';
import type { Snapshot } from './snapshot.ts';
import type { Span } from './time-range.ts';
import { useTimes } from './times-context.ts';
import type { Rows } from './view.ts';

const HOUR_MS = 3_600_000;

/** Of which hours the rows are, where that is more than the page says: sums by a dimension are kept by the hour. */
export function WholeHours({ snapshot: { breakdown, rows, span } }: { readonly snapshot: Snapshot }) {
  const [row] = breakdown;
  if (!isDimensionName(rows) || row === undefined) return null;
  return <OtherHours from={row.window_start} to={row.window_end} span={span} />;
}

export interface DimensionNoteProps {
  readonly breakdown: readonly MetricsRow[];
  readonly rows: Rows;
}

/** Why there are no values to be seen, and what would give some. */
export function DimensionNote({ breakdown, rows }: DimensionNoteProps) {
  if (!isDimensionName(rows)) return null;
  const [first, ...others] = breakdown;
  const word = dimensionWord(rows);
  if (first === undefined) {
    return (
      <p class="quiet">
        No call of this range was summed by {word}: it begins when METRIC_DIMENSIONS names it, with the calls that come
        then.
      </p>
    );
  }
  if (others.length > 0 || valueOf(first, rows) !== '__none__') return null;
  return (
    <p class="quiet">
      <span>
        No call of this range says its {word}: send <code>{dimensionField(rows)}</code> with the request.
      </span>
    </p>
  );
}

export interface OtherHoursProps {
  readonly from: string;
  readonly to: string;
  readonly span: Span;
}

/** The hours that something is about, where they are more than the page shows. */
export function OtherHours({ from, to, span }: OtherHoursProps) {
  const times = useTimes();
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs === span.fromMs && toMs === span.toMs) return null;
  return <> · in whole hours: {times.range(fromMs, toMs, HOUR_MS)}</>;
}

export interface NotGroupedProps {
  readonly changes: TopChanges;
  readonly dimension: DimensionName;
}

/** Who was not told apart before is not new. */
export function NotGrouped({ changes, dimension }: NotGroupedProps) {
  const calls = (changes.not_grouped_before ?? 0) + (changes.not_grouped_after ?? 0);
  if (calls === 0) return null;
  return (
    <p class="panel-note" data-tone="warn">
      <b>Not all is compared.</b> {formatCount(calls)} calls came before METRIC_DIMENSIONS named{' '}
      {dimensionWord(dimension)}: they are in no row, so that who made them may seem to be new.
    </p>
  );
}
