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

/** What is looked at: whole steps, so that every chart and every sum covers the same instants. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: Step;
}

const CUSTOM_POINTS_MAX = 180;

/** Up to and including the step that is running now. */
export function relativeSpan(name: RangeName, nowMs: number): Span {
  const { ms, step } = RANGES[name];
  const stepMs = STEPS_MS[step];
  const fromMs = Math.floor((nowMs - ms) / stepMs) * stepMs;
  return { fromMs, toMs: (Math.floor(nowMs / stepMs) + 1) * stepMs, step };
}

/**
 * As much time just before, up to the same moment of its course: a range that runs on is compared with the part of the one
 * before that had passed by then. In whole minutes, and whole hours where the step is one or more.
 */
export function previousSpan({ fromMs, toMs, step }: Span, nowMs: number): Pick<Span, 'fromMs' | 'toMs'> {
  const grainMs = STEPS_MS[step] < HOUR_MS ? MINUTE_MS : HOUR_MS;
  const passedMs = Math.ceil((Math.min(toMs, Math.max(nowMs, fromMs + grainMs)) - fromMs) / grainMs) * grainMs;
  const lengthMs = toMs - fromMs;
  return { fromMs: fromMs - lengthMs, toMs: fromMs - lengthMs + passedMs };
}

/** The finest step that keeps a chart readable; the range grows to whole steps. */
export function customSpan(fromMs: number, toMs: number): Span {
  const steps = Object.keys(STEPS_MS) as Step[];
  const step = steps.find((name) => (toMs - fromMs) / STEPS_MS[name] <= CUSTOM_POINTS_MAX) ?? '1d';
  const stepMs = STEPS_MS[step];
  const startMs = Math.floor(fromMs / stepMs) * stepMs;
  return { fromMs: startMs, toMs: Math.max(Math.ceil(toMs / stepMs) * stepMs, startMs + stepMs), step };
}

/** The start of each step of a span, in ms. */
export function stepStartsMs({ fromMs, toMs, step }: Span): readonly number[] {
  const stepMs = STEPS_MS[step];
  return Array.from({ length: Math.round((toMs - fromMs) / stepMs) }, (_, index) => fromMs + index * stepMs);
}
