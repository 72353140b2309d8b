import type { FastifyInstance } from 'fastify';
import { invalidQuery } from '../../http/invalid-query.ts';
import { queryParser } from '../../http/parse-query.ts';
import { GROUPS, type GroupBy } from '../../metrics-store/metrics-reader.ts';
import { HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import * as Contract from '../contract/parameters.ts';
import { decodeCursor } from '../cursor.ts';
import { goneSignal, type QueryContext, sendJson } from './query-context.ts';
import { rangeOf } from './range-of.ts';

/** `GET /v1/metrics` and `GET /v1/metrics/summary` */
export function addMetricsRoutes(server: FastifyInstance, context: QueryContext): void {
  addRows(server, context);
  addSummary(server, context);
}

function addRows(server: FastifyInstance, { queries, nowMs, zones }: QueryContext): void {
  const parse = queryParser(Contract.MetricsParameters);
  server.get('/v1/metrics', async (request, reply) => {
    const query = parse(request.query);
    const stepMs = Contract.STEPS_MS[query.step ?? '1m'];
    const zone = query.timezone === undefined ? null : zones.get(query.timezone);
    if (zone !== null && stepMs < HOUR_MS) {
      throw invalidQuery([{ path: '/timezone', message: 'needs a step of an hour or more, such as step=1d' }]);
    }
    const question = {
      ...filtersOf(query),
      // The rows of a range in local time add up to the range: they are cut at its ends, and not widened.
      ...rangeOf(query, { nowMs: nowMs(), unitMs: zone === null ? stepMs : MINUTE_MS, zone }),
      stepMs,
      timezone: query.timezone ?? null,
      groupBy: groupsOf(query.group_by ?? (query.tenant_id === undefined ? 'tenant_id,route,model' : 'route,model')),
      quantiles: quantilesOf(query.quantiles),
      order: query.order ?? 'desc',
      limit: query.limit ?? 60,
      cursor: query.cursor === undefined ? null : metricsCursor(query.cursor),
    };
    return sendJson(reply, (await queries.ask('metrics', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addSummary(server: FastifyInstance, { queries, nowMs, zones }: QueryContext): void {
  const parse = queryParser(Contract.SummaryParameters);
  server.get('/v1/metrics/summary', async (request, reply) => {
    const query = parse(request.query);
    const zone = query.timezone === undefined ? null : zones.get(query.timezone);
    const now = nowMs();
    const question = {
      ...filtersOf(query),
      ...rangeOf(query, { nowMs: now, unitMs: MINUTE_MS, zone, defaultToMs: now }),
      groupBy: groupsOf(query.group_by ?? 'none'),
      quantiles: quantilesOf(query.quantiles),
      limit: query.limit ?? 1000,
    };
    return sendJson(reply, (await queries.ask('summary', question, goneSignal(request, reply))) ?? '{}');
  });
}

function filtersOf(query: Contract.SummaryParameters) {
  const { tenant_id: tenantId = null, route = null, model = null, provider = null } = query;
  return { tenantId, route, model, provider };
}

function groupsOf(text: string): readonly GroupBy[] {
  const names = new Set(text.split(',').map((name) => name.trim()));
  return GROUPS.filter((group) => names.has(group));
}

function quantilesOf(text: string | undefined): readonly number[] {
  return text === undefined ? [] : text.split(',').map(Number);
}

function metricsCursor(text: string) {
  const kinds = ['number', 'string', 'string', 'string', 'string', 'string'] as const;
  const [windowStartMs, tenantId, route, model, provider, errorKind] = decodeCursor(text, kinds);
  return { windowStartMs, tenantId, route, model, provider, errorKind };
}
