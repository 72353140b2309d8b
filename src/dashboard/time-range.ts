import { zoneOffset } from './times.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Lengths that the API takes as `step`. */
export const STEPS_MS = { '1m': MINUTE_MS, '5m': 300_000, '15m': 900_000, '1h': HOUR_MS, '1d': DAY_MS } as const;
export type Step = keyof typeof STEPS_MS;

/** Each with the step that gives 15 to 170 points. */
export const RANGES = {
  '15m': { ms: 15 * MINUTE_MS, step: '1m', about: 'Last 15 minutes' },
  '1h': { ms: HOUR_MS, step: '1m', about: 'Last hour' },
  '6h': { ms: 6 * HOUR_MS, step: '5m', about: 'Last 6 hours' },
  '24h': { ms: DAY_MS, step: '15m', about: 'Last 24 hours' },
  '7d': { ms: 7 * DAY_MS, step: '1h', about: 'Last 7 days' },
  '30d': { ms: 30 * DAY_MS, step: '1d', about: 'Last 30 days' },
  '90d': { ms: 90 * DAY_MS, step: '1d', about: 'Last 90 days' },
} as const satisfies Record<string, { ms: number; step: Step; about: string }>;
export type RangeName = keyof typeof RANGES;

export interface Steps {
  readonly step: Step;
  /** Whose midnights part the days. Shorter steps are the same in all zones. */
  readonly zone: string;
}

/** What is looked at: whole steps, so that every chart and every sum covers the same instants. */
export interface Span extends Steps {
  readonly fromMs: number;
  readonly toMs: number;
}

const CUSTOM_POINTS_MAX = 180;

/** Up to and including the step that is running now. Days are those of the zone. */
export function relativeSpan(name: RangeName, nowMs: number, zone: string): Span {
  const { ms, step } = RANGES[name];
  const steps = { step, zone };
  return { fromMs: stepStartMs(steps, nowMs - ms), toMs: nextStepMs(steps, stepStartMs(steps, nowMs)), ...steps };
}

/**
 * The span of as much time just before, up to the same moment of its course: a range that runs on is compared with the
 * part of the one before that had passed by then. In whole minutes, and whole hours where the step is one or more.
 */
export function previousSpan({ fromMs, toMs, step }: Span, nowMs: number): Pick<Span, 'fromMs' | 'toMs'> {
  const grainMs = STEPS_MS[step] < HOUR_MS ? MINUTE_MS : HOUR_MS;
  const passedMs = Math.ceil((Math.min(toMs, Math.max(nowMs, fromMs + grainMs)) - fromMs) / grainMs) * grainMs;
  const lengthMs = toMs - fromMs;
  return { fromMs: fromMs - lengthMs, toMs: fromMs - lengthMs + passedMs };
}

/** The finest step that keeps a chart readable; the range grows to whole steps. */
export function customSpan(fromMs: number, toMs: number, zone: string): Span {
  const names = Object.keys(STEPS_MS) as Step[];
  const step = names.find((name) => (toMs - fromMs) / STEPS_MS[name] <= CUSTOM_POINTS_MAX) ?? '1d';
  const steps = { step, zone };
  const startMs = stepStartMs(steps, fromMs);
  const endMs = stepStartMs(steps, toMs);
  return { fromMs: startMs, toMs: endMs === toMs && endMs > startMs ? endMs : nextStepMs(steps, endMs), ...steps };
}

/**
 * The whole hours of a span, which is all that is kept of the sums by a dimension: steps of an hour or a day. Days of a
 * zone that is, or was half a year before, off by a part of an hour are those of UTC.
 */
export function inWholeHours(span: Span): Span {
  const isDay = span.step === '1d';
  if (isDay && !isOffByPartOfHour(span)) return span;
  const unitMs = isDay ? DAY_MS : HOUR_MS;
  return {
    fromMs: Math.floor(span.fromMs / unitMs) * unitMs,
    toMs: Math.ceil(span.toMs / unitMs) * unitMs,
    step: isDay ? '1d' : '1h',
    zone: isDay ? 'UTC' : span.zone,
  };
}

function isOffByPartOfHour({ zone, fromMs, toMs }: Span): boolean {
  if (zone === 'UTC') return false;
  const offsetMs = zoneOffset(zone);
  return [fromMs, toMs, fromMs - 182 * DAY_MS].some((atMs) => offsetMs(atMs) % HOUR_MS !== 0);
}

/** The start of each step of a span, in ms. */
export function stepStartsMs(span: Span): readonly number[] {
  const starts: number[] = [];
  for (let startMs = span.fromMs; startMs < span.toMs; startMs = nextStepMs(span, startMs)) starts.push(startMs);
  return starts;
}

/** Where the step begins that holds an instant. */
export function stepStartMs({ step, zone }: Steps, atMs: number): number {
  if (step === '1d' && zone !== 'UTC') return dayStartMs(atMs, zone);
  return Math.floor(atMs / STEPS_MS[step]) * STEPS_MS[step];
}

function nextStepMs(steps: Steps, startMs: number): number {
  // A day has at most 25 hours, so one and a half lie in the next.
  const isDay = steps.step === '1d' && steps.zone !== 'UTC';
  return isDay ? dayStartMs(startMs + 1.5 * DAY_MS, steps.zone) : startMs + STEPS_MS[steps.step];
}

const offsets = new Map<string, (atMs: number) => number>();

/** The midnight before, by the zone's clocks. Where they skip it, the first instant of the day. */
function dayStartMs(atMs: number, zone: string): number {
  const offsetMs = offsets.get(zone) ?? zoneOffset(zone);
  offsets.set(zone, offsetMs);
  const midnightMs = Math.floor((atMs + offsetMs(atMs)) / DAY_MS) * DAY_MS;
  // The clocks may change at midnight itself: forward, and the day begins at one; back, and the hour before comes
  // twice.
  const beforeMs = offsetMs(midnightMs - offsetMs(atMs) - 3 * HOUR_MS);
  const startMs = midnightMs - beforeMs;
  return offsetMs(startMs) < beforeMs ? midnightMs - offsetMs(startMs) : startMs;
}
