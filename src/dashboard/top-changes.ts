import type { TopChanges } from './api-answers.ts';
import { filterOf, isDimensionName } from './dimension-names.ts';
import { formatMs, formatShare, formatUsd } from './format-number.ts';
import { rowGroupsOf, type Snapshot } from './snapshot.ts';
import { inWholeHours, previousSpan } from './time-range.ts';
import { rowsOf } from './view.ts';

export type TopMeasure = TopChanges['measure'];
type Group = TopChanges['top'][number];

/** Above it a group is said to have changed by the one or the other, else by both. */
const MOSTLY_SHARE = 0.75;
/** A change of less than this share of the whole is how things go, and nobody's doing. */
const CHANGE_SHARE_MIN = 0.01;

/** What became of calls that themselves changed: more of it, or less. */
const EACH_CALL = {
  cost: ['dearer calls', 'cheaper calls'],
  latency: ['slower', 'faster'],
  errors: ['failing more', 'failing less'],
} as const;

/** What to ask for the range of a snapshot, and as much time before; null where there is none. */
export function topQuestion({ tenant, view, span: shown, loadedAtMs }: Snapshot, measure: TopMeasure) {
  const rows = rowsOf(view);
  // Widened by the API each for itself, the two ranges would overlap.
  const span = isDimensionName(rows) ? inWholeHours(shown) : shown;
  const before = previousSpan(span, loadedAtMs);
  if (before.fromMs < 0) return null;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    tenant_id: tenant,
    route: view.route,
    model: view.model,
    from: iso(span.fromMs),
    to: iso(span.toMs),
    compare_from: iso(before.fromMs),
    compare_to: iso(before.toMs),
    ...filterOf(view.only),
    group_by: rowGroupsOf({ tenant }, rows),
    measure,
    limit: 5,
  };
}

/** Whether the whole changed so much that somebody is worth naming. */
export function isWorthTelling({ before, change, top }: TopChanges): boolean {
  if (before === null || change === null || change === 0 || top.length === 0) return false;
  return Math.abs(change) >= Math.abs(before) * CHANGE_SHARE_MIN;
}

/** Why a group contributed what it did. */
export function reasonOf(group: Group, measure: TopMeasure): string {
  const { before, after, by_each_call: each, by_number_of_calls: number, contribution } = group;
  if (before === null) return 'new';
  if (after === null) return 'gone';
  if (each === null || number === null || contribution === null || contribution === 0) return '';
  const whole = Math.abs(each) + Math.abs(number);
  const byEach = EACH_CALL[measure][each > 0 ? 0 : 1];
  // To an average it matters which share of the calls it has, not how many they are.
  const more = number > 0 ? 'more calls' : 'fewer calls';
  const byNumber = measure === 'cost' ? more : 'another share of the calls';
  if (Math.abs(each) > whole * MOSTLY_SHARE) return byEach;
  if (Math.abs(number) > whole * MOSTLY_SHARE) return byNumber;
  return `${byEach} and ${byNumber}`;
}

export function formatValue(value: number | null, measure: TopMeasure): string {
  return FORMATS[measure](value);
}

const FORMATS = { cost: formatUsd, latency: formatMs, errors: formatShare } as const;

/** With its sign; of an error rate it is points, as a share of a share would mislead. */
export function formatSigned(value: number | null, measure: TopMeasure): string {
  if (value === null) return '–';
  const size = formatValue(Math.abs(value), measure);
  const text = measure === 'errors' ? size.replace('%', '\u202fpp') : size;
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${text}`;
}
