import type { FastifyInstance } from 'fastify';
import { formatSecond } from '../events/timestamp.ts';
import { invalidQuery } from '../http/invalid-query.ts';
import { parseInstantMs, queryParser } from '../http/parse-query.ts';
import type { GroupBy } from '../metrics-store/metrics-reader.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../tally/window.ts';
import type { QueryContext } from './query-routes.ts';
import { SummaryQueryString } from './query-schema.ts';

const GROUPS: readonly GroupBy[] = ['route', 'model', 'provider'];

/** The store sorts groups by name and is asked for all of them, so that the ones kept are the busiest. */
const GROUPS_MAX = 100_000;

/**
 * Steps so long that every instant until the year 2200 lies in the first, each a multiple of one stored resolution and of no
 * coarser one: the store then adds up all of a range from rows of that resolution.
 */
const ENDLESS_STEP_MS = {
  day: DAY_MS * 1_000_003,
  hour: HOUR_MS * 10_000_001,
  minute: MINUTE_MS * 1_000_000_007,
} as const;

/**
 * `GET /v1/metrics/summary`: one row for a whole range, or one per group, busiest first. Percentiles over a range of any
 * length are exact here, while those of the rows of `/v1/metrics` cannot be put together by who reads them.
 */
export function addSummaryRoute(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parse = queryParser(SummaryQueryString);
  server.get('/v1/metrics/summary', async (request, reply) => {
    const query = parse(request.query);
    const { fromMs, toMs } = rangeOf(query, nowMs());
    const text = await queries.metrics({
      tenantId: query.tenant_id,
      route: query.route ?? null,
      model: query.model ?? null,
      provider: query.provider ?? null,
      fromMs,
      toMs,
      stepMs: endlessStepMs(fromMs, toMs),
      groupBy: groupsOf(query.group_by),
      quantiles: query.quantiles?.split(',').map(Number) ?? [],
      order: 'asc',
      limit: GROUPS_MAX,
      cursor: null,
    });
    const { metrics, count, next_cursor: _, ...completeness } = JSON.parse(text) as Answer;
    const summary = metrics
      .sort((a, b) => b.requests - a.requests)
      .slice(0, query.limit ?? 1000)
      .map((row) => ({ ...row, window_start: formatSecond(fromMs), window_end: formatSecond(toMs) }));
    return reply.send({ summary, group_count: count, ...completeness });
  });
}

interface Answer {
  readonly metrics: { readonly requests: number }[];
  readonly count: number;
  readonly next_cursor?: string;
}

/** Widened to whole minutes. From the beginning to now where not said. */
function rangeOf({ from, to }: SummaryQueryString, nowMs: number): { fromMs: number; toMs: number } {
  const fromMs = from === undefined ? 0 : parseInstantMs('from', from, nowMs);
  const toMs = parseInstantMs('to', to ?? 'now', nowMs);
  if (fromMs > toMs) throw invalidQuery([{ path: '/from', message: 'must not be after to' }]);
  return {
    fromMs: Math.floor(fromMs / MINUTE_MS) * MINUTE_MS,
    toMs: Math.ceil(toMs / MINUTE_MS) * MINUTE_MS,
  };
}

function endlessStepMs(fromMs: number, toMs: number): number {
  const areMultiplesOf = (sizeMs: number): boolean => fromMs % sizeMs === 0 && toMs % sizeMs === 0;
  if (areMultiplesOf(DAY_MS)) return ENDLESS_STEP_MS.day;
  return areMultiplesOf(HOUR_MS) ? ENDLESS_STEP_MS.hour : ENDLESS_STEP_MS.minute;
}

function groupsOf(text: string | undefined): readonly GroupBy[] {
  if (text === undefined || text === '' || text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  if (!names.every((name) => GROUPS.includes(name as GroupBy))) {
    throw invalidQuery([{ path: '/group_by', message: `must be any of ${GROUPS.join(',')}, or none` }]);
  }
  return GROUPS.filter((group) => names.includes(group));
}
