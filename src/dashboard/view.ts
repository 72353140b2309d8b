import {
  type DimensionName,
  type DimensionPick,
  dimensionWord,
  isDimensionName,
  valueText,
} from './dimension-names.ts';
import { customSpan, inWholeHours, RANGES, type RangeName, relativeSpan, type Span } from './time-range.ts';
import { localZone, type Times } from './times.ts';

export type Split = 'none' | 'tenant' | 'route' | 'model' | DimensionName;
/** What has a row in the breakdown. */
export type Rows = 'tenant' | 'route,model' | DimensionName;
export type CallFilter = 'all' | 'error' | 'waiting' | 'unanswered';
export type CallOrder = 'newest' | 'slowest';

/** What a person chose to look at. All of it is in the address, so that a link shows another person the same. */
export interface View {
  /** Null: all that the reader may see. */
  readonly tenant: string | null;
  readonly range: RangeName | 'custom';
  /** Only with the range `custom`. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly route: string | null;
  readonly model: string | null;
  /** A user, team or what else calls are summed by; null: all. */
  readonly only: DimensionPick | null;
  /** By tenant only where all are shown. */
  readonly split: Split;
  /** Tenants only where all are shown: one of them has a row per route and model, or per value of a dimension. */
  readonly rows: Rows;
  /** A column of the breakdown; `-` before it: largest first. */
  readonly sort: string;
  readonly calls: CallFilter;
  readonly order: CallOrder;
  /** The call whose details are open. */
  readonly call: string | null;
  /** Whose clock times and days are shown by. */
  readonly zone: 'local' | 'utc';
}

export const DEFAULT_VIEW: View = {
  tenant: null,
  range: '1h',
  fromMs: null,
  toMs: null,
  route: null,
  model: null,
  only: null,
  split: 'none',
  rows: 'tenant',
  sort: '-requests',
  calls: 'all',
  order: 'newest',
  call: null,
  zone: 'local',
};

const SPLITS: ReadonlySet<string> = new Set(['tenant', 'route', 'model']);
const CALL_FILTERS: ReadonlySet<string> = new Set(['error', 'waiting', 'unanswered']);

/** Reads the query string of the address; what it does not understand is as if it were not there. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  const fromMs = instantMs(query.get('from'));
  const toMs = instantMs(query.get('to'));
  const isCustom = fromMs !== null && toMs !== null && fromMs < toMs;
  const range = query.get('range') ?? '';
  const split = query.get('split') ?? '';
  const rows = query.get('rows') ?? '';
  const by = query.get('by') ?? '';
  const is = query.get('is') ?? '';
  const calls = query.get('calls') ?? '';
  return consistentView({
    tenant: query.get('tenant') || null,
    range: isCustom ? 'custom' : Object.hasOwn(RANGES, range) ? (range as RangeName) : DEFAULT_VIEW.range,
    fromMs: isCustom ? fromMs : null,
    toMs: isCustom ? toMs : null,
    route: query.get('route') || null,
    model: query.get('model') || null,
    only: isDimensionName(by) && is !== '' ? { name: by, value: is } : null,
    split: SPLITS.has(split) || isDimensionName(split) ? (split as Split) : 'none',
    rows: rows === 'route,model' || isDimensionName(rows) ? rows : 'tenant',
    sort: query.get('sort') || DEFAULT_VIEW.sort,
    calls: CALL_FILTERS.has(calls) ? (calls as CallFilter) : 'all',
    order: query.get('order') === 'slowest' ? 'slowest' : 'newest',
    call: query.get('call') || null,
    zone: query.get('tz') === 'utc' ? 'utc' : 'local',
  });
}

/**
 * Without what only makes sense where all tenants are shown. Each dimension is summed by itself, so that what is
 * narrowed to a value of one is told by none.
 */
export function consistentView(view: View): View {
  const { tenant, only } = view;
  const isUsual = (choice: Split | Rows): boolean =>
    isDimensionName(choice) ? only !== null : tenant !== null && (choice === 'tenant' || choice === 'route,model');
  return {
    ...view,
    split: isUsual(view.split) ? DEFAULT_VIEW.split : view.split,
    rows: isUsual(view.rows) ? DEFAULT_VIEW.rows : view.rows,
  };
}

/** What has a row in the breakdown of this view. */
export function rowsOf({ tenant, rows }: Pick<View, 'tenant' | 'rows'>): Rows {
  return tenant === null || isDimensionName(rows) ? rows : 'route,model';
}

/** The query string of a view, with its `?`; what is as usual is left out. */
export function formatView(view: View): string {
  const query = new URLSearchParams();
  const set = (name: string, value: string | null, usual: string | null = null): void => {
    if (value !== null && value !== usual) query.set(name, value);
  };
  set('tenant', view.tenant);
  if (view.range === 'custom' && view.fromMs !== null && view.toMs !== null) {
    set('from', new Date(view.fromMs).toISOString());
    set('to', new Date(view.toMs).toISOString());
  } else {
    set('range', view.range, DEFAULT_VIEW.range);
  }
  set('route', view.route);
  set('model', view.model);
  set('by', view.only?.name ?? null);
  set('is', view.only?.value ?? null);
  set('split', view.split, DEFAULT_VIEW.split);
  set('rows', view.rows, DEFAULT_VIEW.rows);
  set('sort', view.sort, DEFAULT_VIEW.sort);
  set('calls', view.calls, DEFAULT_VIEW.calls);
  set('order', view.order, DEFAULT_VIEW.order);
  set('call', view.call);
  set('tz', view.zone, DEFAULT_VIEW.zone);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Views with the same key show the same numbers; the rest of a view is how they are shown. */
export function numbersKey(view: View): string {
  const { tenant, range, fromMs, toMs, route, model, only, split, rows, zone } = view;
  return JSON.stringify([tenant, range, fromMs, toMs, route, model, only, split, rows, zone]);
}

/** In words, for where it is not what the page says elsewhere. */
export function describeView(view: View, times: Pick<Times, 'range'>): string {
  const { range, route, model, only, fromMs, toMs } = view;
  const who = only === null ? '' : `, ${dimensionWord(only.name)} ${valueText(only.value, only.name)}`;
  const when = range === 'custom' ? times.range(fromMs ?? 0, toMs ?? 0, 0) : RANGES[range].about.toLowerCase();
  return `${route ?? 'all routes'}, ${model ?? 'all models'}${who}, ${when}`;
}

/** More or less time, by a factor, around the middle of what is shown; not beyond now. */
export function zoomedView(view: View, factor: number, nowMs: number): Pick<View, 'range' | 'fromMs' | 'toMs'> {
  // What was chosen, not what it was widened to: or zooming in and out again would not lead back.
  const { fromMs, toMs } =
    view.fromMs !== null && view.toMs !== null ? { fromMs: view.fromMs, toMs: view.toMs } : spanOf(view, nowMs);
  const [middleMs, halfMs] = [(fromMs + toMs) / 2, Math.max(((toMs - fromMs) / 2) * factor, SPAN_MS_MIN / 2)];
  const endMs = Math.min(Math.round(middleMs + halfMs), Math.max(nowMs, toMs));
  return { range: 'custom', fromMs: Math.max(0, Math.round(endMs - 2 * halfMs)), toMs: endMs };
}

const SPAN_MS_MIN = 120_000;

/** By whose clock times and days are shown. */
export function zoneOf({ zone }: Pick<View, 'zone'>): string {
  return zone === 'utc' ? 'UTC' : localZone();
}

export function spanOf(view: View, nowMs: number): Span {
  const zone = zoneOf(view);
  const span =
    view.range === 'custom'
      ? customSpan(view.fromMs ?? nowMs, view.toMs ?? nowMs, zone)
      : relativeSpan(view.range, nowMs, zone);
  return isByHour(view) ? inWholeHours(span) : span;
}

/** Whether its charts are of sums by a dimension, of which hours are kept. */
export function isByHour({ only, split }: Pick<View, 'only' | 'split'>): boolean {
  return only !== null || isDimensionName(split);
}

function instantMs(text: string | null): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}
