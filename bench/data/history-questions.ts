import type { QuestionKind, Questions } from '../../src/metrics-api/questions.ts';
import { ANY_CALL } from '../../src/metrics-store/call-filters.ts';
import type { GroupBy } from '../../src/metrics-store/metrics-reader.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/tally/window.ts';

/** A question as the route would make it of its parameters, at an instant. */
interface HistoryQuestion {
  readonly name: string;
  readonly kind: QuestionKind;
  readonly questionOf: (nowMs: number) => Questions[QuestionKind];
}

const ALL = { tenantId: 'tenant-0', route: null, model: null, provider: null };

interface Rows {
  readonly stepMs: number;
  readonly days: number;
  readonly groupBy?: readonly GroupBy[];
  readonly timezone?: string;
  readonly route?: string;
}

function rows(name: string, { stepMs, days, groupBy = [], timezone, route = '' }: Rows): HistoryQuestion {
  const unitMs = timezone === undefined ? stepMs : MINUTE_MS;
  return {
    name,
    kind: 'metrics',
    questionOf: (nowMs) => ({
      ...ALL,
      route: route === '' ? null : route,
      fromMs: Math.floor((nowMs - days * DAY_MS) / unitMs) * unitMs,
      toMs: Math.ceil(nowMs / unitMs) * unitMs,
      stepMs,
      timezone: timezone ?? null,
      groupBy,
      quantiles: [],
      order: 'desc',
      limit: 10_000,
      cursor: null,
    }),
  };
}

function calls(name: string, parts: Partial<Questions['calls']>): HistoryQuestion {
  return {
    name,
    kind: 'calls',
    questionOf: (nowMs) => ({
      ...ANY_CALL,
      ...ALL,
      isCounted: false,
      fromMs: nowMs - 30 * DAY_MS,
      toMs: nowMs,
      order: 'newest',
      limit: 50,
      after: null,
      ...parts,
    }),
  };
}

const summary = (name: string, groupBy: readonly GroupBy[]): HistoryQuestion => ({
  name,
  kind: 'summary',
  questionOf: (nowMs) => ({ ...ALL, fromMs: nowMs - 30 * DAY_MS, toMs: nowMs, groupBy, quantiles: [], limit: 1000 }),
});

export const HISTORY_QUESTIONS: readonly HistoryQuestion[] = [
  rows('default page', { stepMs: MINUTE_MS, days: 30, groupBy: ['route', 'model'] }),
  summary('summary, 30 days', []),
  summary('summary, 30 days, by route', ['route']),
  rows('step=5m, 7 days', { stepMs: 5 * MINUTE_MS, days: 7 }),
  rows('step=5m, 30 days', { stepMs: 5 * MINUTE_MS, days: 30 }),
  rows('step=30m, 30 days', { stepMs: 30 * MINUTE_MS, days: 30 }),
  rows('step=5m, 30 days, one route', { stepMs: 5 * MINUTE_MS, days: 30, route: 'route-3' }),
  rows('step=5m, 7 days, by model', { stepMs: 5 * MINUTE_MS, days: 7, groupBy: ['model'] }),
  rows('step=1h, 30 days', { stepMs: HOUR_MS, days: 30 }),
  rows('step=1h, 30 days, by route', { stepMs: HOUR_MS, days: 30, groupBy: ['route'] }),
  rows('step=1h, 30 days, by route and model', { stepMs: HOUR_MS, days: 30, groupBy: ['route', 'model'] }),
  rows('step=1d, 30 days in New York', { stepMs: DAY_MS, days: 30, timezone: 'America/New_York' }),
  rows('step=1d, 30 days in Kolkata', { stepMs: DAY_MS, days: 30, timezone: 'Asia/Kolkata' }),
  rows('step=1h, 30 days in Kolkata', { stepMs: HOUR_MS, days: 30, timezone: 'Asia/Kolkata' }),
  calls('calls of 30 days, slowest first', { order: 'slowest' }),
  calls('calls of 30 days, slowest first, one route', { order: 'slowest', route: 'route-3' }),
  calls('calls of 30 days, counted', { isCounted: true }),
];
