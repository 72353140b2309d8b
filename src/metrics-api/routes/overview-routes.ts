import type { FastifyInstance } from 'fastify';
import { invalidQuery } from '../../http/invalid-query.ts';
import { queryParser } from '../../http/parse-query.ts';
import { HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import * as Contract from '../contract/parameters.ts';
import { type Asked, askedOf, decodeCursor } from '../cursor.ts';
import type { DimensionsCursor } from '../questions.ts';
import { goneSignal, type QueryContext, sendJson } from './query-context.ts';
import { rangeOf } from './range-of.ts';
import { tenantsOf } from './tenants-of.ts';

/** Dimensions, evaluations, the audit, coverage and what has no price. */
export function addOverviewRoutes(server: FastifyInstance, context: QueryContext): void {
  addDimensions(server, context);
  addEvaluations(server, context);
  addAudit(server, context);
  addCoverage(server, context);
  addUnpriced(server, context);
  addReconciliations(server, context);
}

function addDimensions(server: FastifyInstance, { queries, dimensions }: QueryContext): void {
  const parse = queryParser(Contract.DimensionsParameters);
  server.get('/v1/dimensions', async (request, reply) => {
    const { tenant_id: named, limit = 1000, cursor } = parse(request.query);
    const tenantId = tenantsOf(named);
    const asked = askedOf({ tenant_id: tenantId });
    const question = {
      tenantId,
      metricDimensions: dimensions.names,
      limit,
      cursor: cursor === undefined ? null : dimensionsCursor(cursor, asked),
      asked,
    };
    return sendJson(reply, (await queries.ask('dimensions', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addEvaluations(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parse = queryParser(Contract.EvaluationsParameters);
  server.get('/v1/evaluations', async (request, reply) => {
    const query = parse(request.query);
    const stepMs = Contract.STEPS_MS[query.step ?? '1m'];
    const question = {
      tenantId: query.tenant_id,
      route: query.route ?? null,
      model: query.model ?? null,
      name: query.name ?? null,
      ...rangeOf(query, { nowMs: nowMs(), unitMs: stepMs }),
      stepMs,
      limit: query.limit ?? 60,
    };
    return sendJson(reply, (await queries.ask('evaluations', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addAudit(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parse = queryParser(Contract.AuditParameters);
  server.get('/v1/audit', async (request, reply) => {
    const query = parse(request.query);
    const { limit = 1000, cursor, unassigned = false } = query;
    if (unassigned && query.tenant_id !== undefined) {
      throw invalidQuery([{ path: '/unassigned', message: 'cannot be asked of a tenant' }]);
    }
    // What names no tenant is booked under the empty name.
    const tenantId = unassigned ? '' : tenantsOf(query.tenant_id);
    const asked = askedOf({ tenant_id: tenantId });
    const question = {
      tenantId,
      ...rangeOf(query, { nowMs: nowMs(), unitMs: 1 }),
      page: { limit, after: cursor === undefined ? null : auditCursor(cursor, asked) },
      asked,
      maySeeAll: request.tenants === null,
    };
    return sendJson(reply, (await queries.ask('audit', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addCoverage(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parse = queryParser(Contract.CoverageParameters);
  server.get('/v1/coverage', async (request, reply) => {
    const query = parse(request.query);
    const tenantId = tenantsOf(query.tenant_id);
    const asked = askedOf({ ...query, tenant_id: tenantId });
    const question = {
      tenantId,
      service: query.sender ?? null,
      session: query.session_id ?? null,
      ...rangeOf(query, { nowMs: nowMs(), unitMs: HOUR_MS }),
      limit: query.limit ?? 1000,
      after: query.cursor === undefined ? null : coverageCursor(query.cursor, asked),
      asked,
    };
    return sendJson(reply, (await queries.ask('coverage', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addUnpriced(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parse = queryParser(Contract.UnpricedParameters);
  server.get('/v1/prices/unpriced', async (request, reply) => {
    const query = parse(request.query);
    const question = { tenantId: tenantsOf(query.tenant_id), ...rangeOf(query, { nowMs: nowMs(), unitMs: MINUTE_MS }) };
    return sendJson(reply, (await queries.ask('unpriced', question, goneSignal(request, reply))) ?? '{}');
  });
}

function addReconciliations(server: FastifyInstance, { queries }: QueryContext): void {
  const parse = queryParser(Contract.ReconciliationsParameters);
  server.get('/v1/reconciliations', async (request, reply) => {
    const { tenant_id: named, limit = 10 } = parse(request.query);
    const question = { tenantId: tenantsOf(named), limit };
    return sendJson(reply, (await queries.ask('reconciliations', question, goneSignal(request, reply))) ?? '{}');
  });
}

function auditCursor(text: string, asked: Asked) {
  const [hourStartMs, tenantId] = decodeCursor(text, ['number', 'string'], asked);
  return { hourStartMs, tenantId };
}

function coverageCursor(text: string, asked: Asked) {
  const kinds = ['number', 'string', 'string', 'string'] as const;
  const [hourStartMs, tenantId, service, session] = decodeCursor(text, kinds, asked);
  return { hourStartMs, tenantId, service, session };
}

/** The latest window and the value at which each list ended; no value: it was at its end. */
function dimensionsCursor(text: string, asked: Asked): DimensionsCursor {
  const each = ['number', 'string'] as const;
  const parts = decodeCursor(text, [...each, ...each, ...each, ...each], asked);
  const endOf = (lastWindowStartMs: number, value: string) => (value === '' ? null : { lastWindowStartMs, value });
  return {
    tenant: endOf(parts[0], parts[1]),
    route: endOf(parts[2], parts[3]),
    model: endOf(parts[4], parts[5]),
    provider: endOf(parts[6], parts[7]),
  };
}
