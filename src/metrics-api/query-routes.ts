import type { FastifyInstance, FastifyReply } from 'fastify';
import { invalidQuery } from '../http/invalid-query.ts';
import { parseInstantMs, queryParser } from '../http/parse-query.ts';
import { Problem } from '../http/problem.ts';
import type { GroupBy } from '../metrics-store/metrics-reader.ts';
import { MINUTE_MS } from '../tally/window.ts';
import { decodeCursor } from './cursor.ts';
import type { MetricsQueries } from './metrics-queries.ts';
import * as Schema from './query-schema.ts';

/** After every window that can be: the year 2200. */
const END_OF_TIME_MS = Date.UTC(2200, 0, 1);
const GROUPS: readonly GroupBy[] = ['route', 'model', 'provider'];

export interface QueryContext {
  readonly queries: MetricsQueries;
  readonly nowMs: () => number;
}

export function addQueryRoutes(server: FastifyInstance, context: QueryContext): void {
  addMetricsRoute(server, context);
  addCallRoutes(server, context);
  addOverviewRoutes(server, context);
}

function addMetricsRoute(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parse = queryParser(Schema.MetricsQueryString);
  server.get('/v1/metrics', async (request, reply) => {
    const query = parse(request.query);
    const stepMs = Schema.STEPS_MS[query.step ?? '1m'];
    if (query.cursor !== undefined) decodeCursor(query.cursor, ['number', 'string', 'string', 'string']);
    const text = await queries.metrics({
      tenantId: query.tenant_id,
      route: query.route ?? null,
      model: query.model ?? null,
      provider: query.provider ?? null,
      ...range(query, stepMs, nowMs()),
      stepMs,
      groupBy: parseGroupBy(query.group_by),
      quantiles: parseQuantiles(query.quantiles),
      order: query.order ?? 'desc',
      limit: query.limit ?? 60,
      cursor: query.cursor ?? null,
    });
    return sendJson(reply, text);
  });
}

function addCallRoutes(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parseCalls = queryParser(Schema.CallsQueryString);
  server.get('/v1/calls', async (request, reply) => {
    const query = parseCalls(request.query);
    if (query.cursor !== undefined) decodeCursor(query.cursor, ['number', 'string']);
    const text = await queries.calls({
      tenantId: query.tenant_id,
      route: query.route ?? null,
      model: query.model ?? null,
      provider: query.provider ?? null,
      status: query.status ?? null,
      hasError: query.error ?? null,
      latencyMsMin: query.min_latency_ms ?? null,
      latencyMsMax: query.max_latency_ms ?? null,
      userIdHash: query.user_id_hash ?? null,
      sessionId: query.session_id ?? null,
      metadata: parseMetadata(query.metadata),
      isCounted: query.count === true,
      ...range(query, 1, nowMs()),
      order: query.order ?? 'newest',
      limit: query.limit ?? 50,
      cursor: query.cursor ?? null,
    });
    return sendJson(reply, text);
  });
  const parseCall = queryParser(Schema.CallQueryString);
  server.get<{ Params: { id: string } }>('/v1/calls/:id', async (request, reply) => {
    const { tenant_id: tenantId } = parseCall(request.query);
    const text = await queries.call({ tenantId, requestId: request.params.id });
    if (text === null) {
      throw new Problem(404, 'No call with this request_id is kept for this tenant; metrics count it all the same');
    }
    return sendJson(reply, text);
  });
}

function addOverviewRoutes(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parseDimensions = queryParser(Schema.DimensionsQueryString);
  server.get('/v1/dimensions', async (request, reply) => {
    const { tenant_id: tenantId = null } = parseDimensions(request.query);
    return sendJson(reply, await queries.dimensions({ tenantId }));
  });
  const parseEvaluations = queryParser(Schema.EvaluationsQueryString);
  server.get('/v1/evaluations', async (request, reply) => {
    const query = parseEvaluations(request.query);
    const stepMs = Schema.STEPS_MS[query.step ?? '1m'];
    const text = await queries.evaluations({
      tenantId: query.tenant_id,
      route: query.route ?? null,
      model: query.model ?? null,
      name: query.name ?? null,
      ...range(query, stepMs, nowMs()),
      stepMs,
      limit: query.limit ?? 60,
    });
    return sendJson(reply, text);
  });
  const parseAudit = queryParser(Schema.AuditQueryString);
  server.get('/v1/audit', async (request, reply) => {
    const query = parseAudit(request.query);
    const isUnassigned = query.unassigned === true;
    if (isUnassigned && query.tenant_id !== undefined) {
      throw invalidQuery([{ path: '/unassigned', message: 'cannot be asked of a tenant' }]);
    }
    // What names no tenant is booked under the empty name.
    const tenantId = isUnassigned ? '' : (query.tenant_id ?? null);
    return sendJson(reply, await queries.audit({ tenantId, ...range(query, 1, nowMs()) }));
  });
  const parseUnpriced = queryParser(Schema.UnpricedQueryString);
  server.get('/v1/prices/unpriced', async (request, reply) => {
    const query = parseUnpriced(request.query);
    const question = { tenantId: query.tenant_id ?? null, ...range(query, MINUTE_MS, nowMs()) };
    return sendJson(reply, await queries.unpriced(question));
  });
}

/** Widened to whole steps, so that a row never holds a part of its window. */
function range(query: { from?: string; to?: string }, stepMs: number, nowMs: number): { fromMs: number; toMs: number } {
  const fromMs = query.from === undefined ? 0 : parseInstantMs('from', query.from, nowMs);
  const toMs = query.to === undefined ? END_OF_TIME_MS : parseInstantMs('to', query.to, nowMs);
  if (fromMs > toMs) throw invalidQuery([{ path: '/from', message: 'must not be after to' }]);
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: Math.ceil(toMs / stepMs) * stepMs };
}

/** Absent: as the original, per route and model. */
function parseGroupBy(text: string | undefined): readonly GroupBy[] {
  if (text === undefined) return ['route', 'model'];
  if (text === '' || text === 'none') return [];
  const names = new Set(text.split(',').map((name) => name.trim()));
  return GROUPS.filter((group) => names.has(group));
}

function parseQuantiles(text: string | undefined): readonly number[] {
  return text === undefined ? [] : text.split(',').map(Number);
}

function parseMetadata(text: string | undefined): readonly (readonly [string, string])[] {
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const fields = Object.entries(value);
      // `String` would make "A" of ["A"], and of an object a text that nothing equals.
      if (fields.every(([, field]) => typeof field !== 'object')) {
        return fields.map(([name, field]) => [name, String(field)] as const);
      }
    }
  } catch {
    // Falls through to the one complaint.
  }
  throw invalidQuery([
    { path: '/metadata', message: 'must be a JSON object of texts, numbers and booleans such as {"region":"eu"}' },
  ]);
}

function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
