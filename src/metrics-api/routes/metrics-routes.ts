import type { FastifyInstance } from 'fastify';
import { invalidQuery } from '../../http/invalid-query.ts';
import { queryParser } from '../../http/parse-query.ts';
import { onlyTenant } from '../../metrics-store/tenant-filter.ts';
import { HOUR_MS } from '../../tally/window.ts';
import * as Contract from '../contract/parameters.ts';
import { type Asked, askedOf, decodeCursor } from '../cursor.ts';
import { comparedRangesOf } from './compared-ranges-of.ts';
import { checkStep, checkZone, dimensionUnitMs, groupsOf } from './dimension-of.ts';
import { goneSignal, type QueryContext, sendJson } from './query-context.ts';
import { rangeOf } from './range-of.ts';
import { tenantsOf } from './tenants-of.ts';

/** `GET /v1/metrics`, `GET /v1/metrics/summary` and `GET /v1/top` */
export function addMetricsRoutes(server: FastifyInstance, context: QueryContext): void {
  addRows(server, context);
  addSummary(server, context);
  addTop(server, context);
}

function addRows(server: FastifyInstance, { queries, nowMs, zones, dimensions }: QueryContext): void {
  const parse = queryParser(Contract.withDimensions(Contract.MetricsParameters, dimensions.names));
  server.get('/v1/metrics', async (request, reply) => {
    const query = parse(request.query);
    const tenantId = tenantsOf(query.tenant_id);
    const byDefault = onlyTenant(tenantId) === null ? 'tenant_id,route,model' : 'route,model';
    const groups = groupsOf(query.group_by ?? byDefault, query, dimensions);
    const leastMs = dimensionUnitMs(groups, dimensions);
    const stepMs = query.step === undefined ? leastMs : Contract.STEPS_MS[query.step];
    checkStep(stepMs, leastMs);
    const zone = query.timezone === undefined ? null : zones.get(query.timezone);
    if (zone !== null && stepMs < HOUR_MS) {
      throw invalidQuery([{ path: '/timezone', message: 'needs a step of an hour or more, such as step=1d' }]);
    }
    checkZone(zone, leastMs, nowMs());
    const order = query.order ?? 'desc';
    const groupBy = [...groups.groupBy, groups.dimension?.name ?? ''];
    const asked = askedOf({ ...query, tenant_id: tenantId, step: stepMs, group_by: groupBy, order });
    const question = {
      ...filtersOf(query),
      ...groups,
      // The rows of a range in local time add up to the range: they are cut at its ends, and not widened.
      ...rangeOf(query, { nowMs: nowMs(), unitMs: zone === null ? stepMs : leastMs, zone }),
      stepMs,
      timezone: query.timezone ?? null,
      quantiles: quantilesOf(query.quantiles),
      order,
      limit: query.limit ?? 60,
      cursor: query.cursor === undefined ? null : metricsCursor(query.cursor, asked),
      asked,
    };
    return sendJson(reply, await queries.askRows(question, goneSignal(request, reply)));
  });
}

function addSummary(server: FastifyInstance, { queries, nowMs, zones, dimensions }: QueryContext): void {
  const parse = queryParser(Contract.withDimensions(Contract.SummaryParameters, dimensions.names));
  server.get('/v1/metrics/summary', async (request, reply) => {
    const query = parse(request.query);
    const zone = query.timezone === undefined ? null : zones.get(query.timezone);
    const now = nowMs();
    const groups = groupsOf(query.group_by ?? 'none', query, dimensions);
    const unitMs = dimensionUnitMs(groups, dimensions);
    checkZone(zone, unitMs, now);
    const question = {
      ...filtersOf(query),
      ...groups,
      ...rangeOf(query, { nowMs: now, unitMs, zone, defaultToMs: now }),
      quantiles: quantilesOf(query.quantiles),
      limit: query.limit ?? 1000,
    };
    return sendJson(reply, (await queries.ask('summary', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addTop(server: FastifyInstance, { queries, nowMs, zones, dimensions }: QueryContext): void {
  const parse = queryParser(Contract.withDimensions(Contract.TopParameters, dimensions.names));
  server.get('/v1/top', async (request, reply) => {
    const query = parse(request.query);
    const zone = query.timezone === undefined ? null : zones.get(query.timezone);
    const now = nowMs();
    const filters = filtersOf(query);
    const byDefault = onlyTenant(filters.tenantId) === null ? 'tenant_id,route,model' : 'route,model';
    const groups = groupsOf(query.group_by ?? byDefault, query, dimensions);
    const unitMs = dimensionUnitMs(groups, dimensions);
    checkZone(zone, unitMs, now);
    const question = {
      ...filters,
      ...groups,
      ...comparedRangesOf(query, { nowMs: now, unitMs, zone, defaultToMs: now }),
      measure: query.measure ?? 'cost',
      limit: query.limit ?? 10,
    };
    return sendJson(reply, (await queries.ask('top', question, goneSignal(request, reply))) ?? '{}');
  });
}

function filtersOf(query: Omit<Contract.SummaryParameters, 'limit'>) {
  const { tenant_id: named, route = null, model = null, provider = null } = query;
  return { tenantId: tenantsOf(named), route, model, provider };
}

function quantilesOf(text: string | undefined): readonly number[] {
  return text === undefined ? [] : text.split(',').map(Number);
}

function metricsCursor(text: string, asked: Asked) {
  const kinds = ['number', 'string', 'string', 'string', 'string', 'string', 'string'] as const;
  const [windowStartMs, tenantId, route, model, provider, value, errorKind] = decodeCursor(text, kinds, asked);
  return { windowStartMs, tenantId, route, model, provider, value, errorKind };
}
