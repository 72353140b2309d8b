import { Type } from 'typebox';
import { type Operation, openApiDocument } from '../http/openapi.ts';
import * as Schema from './query-schema.ts';

const NullableNumber = Type.Union([Type.Number(), Type.Null()]);
const NullableText = Type.Union([Type.String(), Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

const MetricsRow = Type.Object({
  tenant_id: Type.String(),
  route: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  provider: Type.Optional(Type.String()),
  window_start: Type.String({ format: 'date-time' }),
  window_end: Type.String({ format: 'date-time' }),
  requests: Count,
  errors: Count,
  avg_latency_ms: NullableNumber,
  p95_latency_ms: NullableNumber,
  avg_prompt_tokens: NullableNumber,
  avg_completion_tokens: NullableNumber,
  estimated_cost_usd: NullableNumber,
  completed: Count,
  in_flight: Type.Integer(),
  unanswered: Count,
  p50_latency_ms: NullableNumber,
  p99_latency_ms: NullableNumber,
  max_latency_ms: NullableNumber,
  p95_ttft_ms: NullableNumber,
  prompt_tokens: Type.Integer(),
  completion_tokens: Count,
  cached_prompt_tokens: Type.Integer(),
  cache_write_tokens: Type.Integer(),
  reasoning_tokens: Count,
  unpriced_requests: Count,
  quantiles: Type.Optional(Type.Record(Type.String(), NullableNumber)),
});

const COMPLETENESS = {
  as_of: Type.String({ format: 'date-time' }),
  complete_until: NullableText,
  lag_ms: NullableNumber,
};

const refTo = (name: string) => Type.Ref(`#/components/schemas/${name}`);
const Metrics = Type.Object({
  metrics: Type.Array(refTo('MetricsRow')),
  count: Count,
  next_cursor: Type.Optional(Type.String()),
  ...COMPLETENESS,
});
const Call = Type.Object({ request_id: Type.String(), tenant_id: Type.String(), status: Type.String() });
const anyObject = Type.Object({});

function get(
  path: string,
  summary: string,
  query: Operation['query'],
  answer: Operation['answer']['content'][string],
): Operation {
  return {
    method: 'get',
    path,
    summary,
    ...(query === undefined ? {} : { query }),
    answer: { status: 200, description: 'The answer', content: { 'application/json': answer } },
    problems: [503],
  };
}

const OPERATIONS: readonly Operation[] = [
  get('/v1/metrics', 'Rows per window, newest first.', Schema.MetricsQueryString, Metrics),
  get(
    '/v1/metrics/summary',
    'A whole range as one row, or one per group, busiest first; percentiles are those of the whole range, within 1.1 %.',
    Schema.SummaryQueryString,
    Type.Object({ summary: Type.Array(refTo('MetricsRow')), group_count: Count, ...COMPLETENESS }),
  ),
  {
    ...get('/v1/metrics/stream', 'Changed rows as server-sent events.', Schema.StreamQueryString, anyObject),
    answer: { status: 200, description: 'A stream', content: { 'text/event-stream': Type.String() } },
  },
  get('/v1/dimensions', 'Tenants, routes, models and providers seen.', Schema.DimensionsQueryString, anyObject),
  get(
    '/v1/calls',
    'Single calls, newest or slowest first.',
    Schema.CallsQueryString,
    Type.Object({ calls: Type.Array(refTo('Call')), next_cursor: NullableText }),
  ),
  {
    ...get(
      '/v1/calls/{request_id}',
      'One call, with the lines of its cost.',
      Schema.CallQueryString,
      Type.Object({ call: refTo('Call') }),
    ),
    pathParameters: { request_id: 'The id that the application gave, or trace id and span id.' },
    problems: [404, 503],
  },
  get('/v1/evaluations', 'Evaluations per name and window.', Schema.EvaluationsQueryString, anyObject),
  get(
    '/v1/audit',
    'accepted = counted + waiting + duplicates + dead letters, per tenant and hour.',
    Schema.AuditQueryString,
    anyObject,
  ),
  get(
    '/v1/prices/unpriced',
    'What could not be priced, per provider and model.',
    Schema.UnpricedQueryString,
    anyObject,
  ),
];

/** The metrics API from the schemas that check its queries. */
export function metricsOpenApi(version: string): object {
  return openApiDocument({
    title: 'StreamLens metrics API',
    description:
      'Calls, errors, latency, tokens and cost per minute and (tenant, route, model), readable within a second of the event.',
    version,
    schemas: { MetricsRow, Call },
    operations: OPERATIONS,
  });
}
