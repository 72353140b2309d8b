import { type TSchema, Type } from 'typebox';
import { LlmEvaluation } from '../events/llm-evaluation.ts';
import { LlmRequest } from '../events/llm-request.ts';
import { LlmResponse } from '../events/llm-response.ts';
import { openApiDocument } from '../http/openapi.ts';
import type { Operation } from '../http/operation.ts';

const Accepted = Type.Object({ status: Type.Literal('accepted') });

const BatchAnswer = Type.Object({
  accepted: Type.Integer({ minimum: 0 }),
  rejected: Type.Integer({ minimum: 0 }),
  errors: Type.Array(Type.Object({ index: Type.Integer({ minimum: 0 }), detail: Type.String() }), {
    description: 'The first 100.',
  }),
});

const typed = (type: string, event: TSchema) => Type.Intersect([Type.Object({ type: Type.Literal(type) }), event]);

const Batch = Type.Array(
  Type.Union([typed('request', LlmRequest), typed('response', LlmResponse), typed('evaluation', LlmEvaluation)]),
  { minItems: 1 },
);

const Bytes = Type.String({ description: 'OTLP as the specification has it.' });
const OTLP_TYPES = { 'application/json': Type.Object({}), 'application/x-protobuf': Bytes };
const TAKING = [400, 401, 403, 408, 413, 415, 429, 503];

function single(path: string, { name, event }: { name: string; event: TSchema }, summary: string): Operation {
  return {
    id: `post${name}`,
    tag: 'events',
    method: 'post',
    path,
    summary,
    body: { 'application/json': event },
    answer: { status: 202, description: 'The event is durable', content: { 'application/json': Accepted } },
    problems: TAKING,
  };
}

function otlp(id: string, path: string, summary: string): Operation {
  return {
    id,
    tag: 'OpenTelemetry',
    method: 'post',
    path,
    summary,
    body: OTLP_TYPES,
    answer: { status: 200, description: 'Taken; partial_success tells what was not', content: OTLP_TYPES },
    problems: TAKING,
  };
}

const IgnoredAnswer = Type.Object({
  ignored: Type.Array(
    Type.Object({
      signal: Type.String(),
      scope: Type.String(),
      reason: Type.String(),
      count: Type.Integer(),
      last_seen: Type.String({ format: 'date-time' }),
      attributes: Type.Array(Type.String()),
    }),
  ),
});

const OPERATIONS: readonly Operation[] = [
  single('/v1/llm/request', { name: 'Request', event: LlmRequest }, 'A model call begins.'),
  single('/v1/llm/response', { name: 'Response', event: LlmResponse }, 'A model call ended.'),
  single('/v1/llm/evaluation', { name: 'Evaluation', event: LlmEvaluation }, 'A judgement on a call.'),
  {
    id: 'postEvents',
    tag: 'events',
    method: 'post',
    path: '/v1/llm/events',
    summary: 'Many events at once, as a JSON array or one a line. Each is accepted or rejected by itself.',
    body: { 'application/json': Batch, 'application/x-ndjson': Type.String() },
    answer: {
      status: 202,
      description: 'The accepted events are durable',
      content: { 'application/json': BatchAnswer },
    },
    problems: TAKING,
  },
  otlp('exportTraces', '/v1/traces', 'OTLP spans; model calls among them are counted, each once.'),
  otlp(
    'exportMetrics',
    '/v1/metrics',
    'OTLP metrics: token usage and cost are kept as witnesses of what was used, never added to calls.',
  ),
  otlp('exportLogs', '/v1/logs', 'OTLP log records; model calls among them are counted, each once.'),
  {
    ...otlp(
      'explainTraces',
      '/v1/otlp/explain',
      'How the posted spans, log records or metrics would be counted, and from what. Nothing is kept.',
    ),
    answer: {
      status: 200,
      description: 'An explanation per span, log record or data point',
      content: {
        'application/json': Type.Object({
          spans: Type.Optional(Type.Array(Type.Object({}))),
          logs: Type.Optional(Type.Array(Type.Object({}))),
          metrics: Type.Optional(Type.Array(Type.Object({}))),
        }),
      },
    },
    problems: [400, 401, 403, 408, 413, 415, 429, 503],
  },
  {
    id: 'listIgnored',
    tag: 'OpenTelemetry',
    method: 'get',
    path: '/v1/otlp/ignored',
    summary:
      'What came by OTLP in the last 24 hours, speaks of a model and was not counted, by instrumentation and reason.',
    answer: {
      status: 200,
      description: 'Names of attributes, never their values',
      content: { 'application/json': IgnoredAnswer },
    },
    problems: [400, 401, 403, 429, 503],
  },
];

/** The ingestion API from the schemas that check its events. */
export function ingestionOpenApi(version: string): object {
  return openApiDocument({
    title: 'StreamLens ingestion API',
    description:
      'Takes LLM calls as request and response events. An event that was answered with 202 is durable and counts once.',
    version,
    tags: { events: 'Requests, responses and evaluations.', OpenTelemetry: 'OTLP over HTTP, as protobuf or JSON.' },
    schemas: { LlmRequest, LlmResponse, LlmEvaluation },
    operations: OPERATIONS,
  });
}
