import { customSpan, RANGES, type RangeName, relativeSpan, type Span } from './time-range.ts';
import { localZone, type Times } from './times.ts';

export type Split = 'none' | 'route' | 'model';
export type CallFilter = 'all' | 'error' | 'waiting' | 'unanswered';
export type CallOrder = 'newest' | 'slowest';

/** What a person chose to look at. All of it is in the address, so that a link shows another person the same. */
export interface View {
  readonly tenant: string | null;
  readonly range: RangeName | 'custom';
  /** Only with the range `custom`. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly route: string | null;
  readonly model: string | null;
  readonly split: Split;
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
  split: 'none',
  sort: '-requests',
  calls: 'all',
  order: 'newest',
  call: null,
  zone: 'local',
};

const SPLITS: ReadonlySet<string> = new Set(['route', 'model']);
const CALL_FILTERS: ReadonlySet<string> = new Set(['error', 'waiting', 'unanswered']);

/** Reads the query string of the address; what it does not understand is as if it were not there. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  const fromMs = instantMs(query.get('from'));
  const toMs = instantMs(query.get('to'));
  const isCustom = fromMs !== null && toMs !== null && fromMs < toMs;
  const range = query.get('range') ?? '';
  const split = query.get('split') ?? '';
  const calls = query.get('calls') ?? '';
  return {
    tenant: query.get('tenant') || null,
    range: isCustom ? 'custom' : Object.hasOwn(RANGES, range) ? (range as RangeName) : DEFAULT_VIEW.range,
    fromMs: isCustom ? fromMs : null,
    toMs: isCustom ? toMs : null,
    route: query.get('route') || null,
    model: query.get('model') || null,
    split: SPLITS.has(split) ? (split as Split) : 'none',
    sort: query.get('sort') || DEFAULT_VIEW.sort,
    calls: CALL_FILTERS.has(calls) ? (calls as CallFilter) : 'all',
    order: query.get('order') === 'slowest' ? 'slowest' : 'newest',
    call: query.get('call') || null,
    zone: query.get('tz') === 'utc' ? 'utc' : 'local',
  };
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
  set('split', view.split, DEFAULT_VIEW.split);
  set('sort', view.sort, DEFAULT_VIEW.sort);
  set('calls', view.calls, DEFAULT_VIEW.calls);
  set('order', view.order, DEFAULT_VIEW.order);
  set('call', view.call);
  set('tz', view.zone, DEFAULT_VIEW.zone);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Views with the same key show the same numbers; the rest of a view is how they are shown. */
export function numbersKey({ tenant, range, fromMs, toMs, route, model, split, zone }: View): string {
  return JSON.stringify([tenant, range, fromMs, toMs, route, model, split, zone]);
}

/** In words, for where it is not what the page says elsewhere. */
export function describeView(view: View, times: Pick<Times, 'range'>): string {
  const { range, route, model, fromMs, toMs } = view;
  const when = range === 'custom' ? times.range(fromMs ?? 0, toMs ?? 0, 0) : RANGES[range].about.toLowerCase();
  return `${route ?? 'all routes'}, ${model ?? 'all models'}, ${when}`;
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
  if (view.range !== 'custom') return relativeSpan(view.range, nowMs, zone);
  return customSpan(view.fromMs ?? nowMs, view.toMs ?? nowMs, zone);
}

function instantMs(text: string | null): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}
