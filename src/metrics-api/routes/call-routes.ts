import type { FastifyInstance } from 'fastify';
import { invalidQuery } from '../../http/invalid-query.ts';
import { queryParser } from '../../http/parse-query.ts';
import { Problem } from '../../http/problem.ts';
import { keptFilters } from '../../metrics-store/call-filters.ts';
import * as Contract from '../contract/parameters.ts';
import { type Asked, askedOf, decodeCursor } from '../cursor.ts';
import { goneSignal, type QueryContext, sendJson } from './query-context.ts';
import { rangeOf } from './range-of.ts';

/** `GET /v1/calls` and `GET /v1/calls/{request_id}` */
export function addCallRoutes(server: FastifyInstance, { queries, nowMs }: QueryContext): void {
  const parseCalls = queryParser(Contract.CallsParameters);
  server.get('/v1/calls', async (request, reply) => {
    const query = parseCalls(request.query);
    const order = query.order ?? 'newest';
    if ((query.min_latency_ms ?? 0) > (query.max_latency_ms ?? Number.POSITIVE_INFINITY)) {
      throw invalidQuery([{ path: '/min_latency_ms', message: 'must not be above max_latency_ms' }]);
    }
    const asked = askedOf({ ...query, order });
    const question = {
      tenantId: query.tenant_id,
      route: query.route ?? null,
      model: query.model ?? null,
      provider: query.provider ?? null,
      status: query.status ?? null,
      hasError: query.error ?? null,
      errorKind: query.error_kind ?? null,
      latencyMsMin: query.min_latency_ms ?? null,
      latencyMsMax: query.max_latency_ms ?? null,
      ...keptFilters((name) => query[name as keyof Contract.KeptFilterParameters] ?? null),
      metadata: metadataOf(query.metadata),
      isCounted: query.count === true,
      ...rangeOf(query, { nowMs: nowMs(), unitMs: 1 }),
      order,
      limit: query.limit ?? 50,
      after: query.cursor === undefined ? null : callsCursor(query.cursor, asked),
      asked,
    };
    return sendJson(reply, (await queries.ask('calls', question, goneSignal(request, reply))) ?? '{}');
  });
  const parseCall = queryParser(Contract.CallParameters);
  server.get<{ Params: { id: string } }>('/v1/calls/:id', async (request, reply) => {
    const { tenant_id: tenantId } = parseCall(request.query);
    const text = await queries.ask('call', { tenantId, requestId: request.params.id }, goneSignal(request, reply));
    if (text === null) {
      throw new Problem(404, 'No call with this request_id is kept for this tenant; metrics count it all the same');
    }
    return sendJson(reply, text);
  });
}

function metadataOf(text: string | undefined): ReadonlyMap<string, string> {
  if (text === undefined) return new Map();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const fields = Object.entries(value);
      // `String` would make "A" of ["A"], and of an object a text that nothing equals.
      if (fields.every(([, field]) => typeof field !== 'object')) {
        return new Map(fields.map(([name, field]) => [name, String(field)]));
      }
    }
  } catch {
    // Falls through to the one complaint.
  }
  throw invalidQuery([
    { path: '/metadata', message: 'must be a JSON object of texts, numbers and booleans such as {"region":"eu"}' },
  ]);
}

function callsCursor(text: string, asked: Asked) {
  const [value, requestId] = decodeCursor(text, ['number', 'string'], asked);
  return { value, requestId };
}
