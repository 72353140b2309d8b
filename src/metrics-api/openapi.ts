import { type TSchema, Type } from 'typebox';
import { openApiDocument } from '../http/openapi.ts';
import type { Operation } from '../http/operation.ts';
import * as Answers from './contract/answers.ts';
import * as Parameters from './contract/parameters.ts';

interface Question {
  readonly id: string;
  readonly path: string;
  readonly tag: 'metrics' | 'calls' | 'audit';
  readonly summary: string;
  readonly query: NonNullable<Operation['query']>;
  readonly answer: TSchema;
}

const PROBLEMS = [400, 401, 403, 422, 429, 503];

function question({ answer, ...operation }: Question): Operation {
  return {
    ...operation,
    method: 'get',
    answer: { status: 200, description: 'The answer', content: { 'application/json': answer } },
    problems: PROBLEMS,
  };
}

const OPERATIONS: readonly Operation[] = [
  question({
    id: 'listMetrics',
    path: '/v1/metrics',
    tag: 'metrics',
    summary: 'Rows per window and group, newest window first.',
    query: Parameters.MetricsParameters,
    answer: Answers.MetricsAnswer,
  }),
  question({
    id: 'summarizeMetrics',
    path: '/v1/metrics/summary',
    tag: 'metrics',
    summary:
      'A whole range as one row, or one per group, busiest first. Percentiles are those of the whole range, within 1.1 %.',
    query: Parameters.SummaryParameters,
    answer: Answers.SummaryAnswer,
  }),
  {
    ...question({
      id: 'streamMetrics',
      path: '/v1/metrics/stream',
      tag: 'metrics',
      summary: 'Changed rows as server-sent events, each with its totals and revision. Goes on after Last-Event-ID.',
      query: Parameters.StreamParameters,
      answer: Type.String(),
    }),
    answer: { status: 200, description: 'A stream', content: { 'text/event-stream': Type.String() } },
    problems: [400, 401, 403, 429, 503],
  },
  question({
    id: 'listDimensions',
    path: '/v1/dimensions',
    tag: 'metrics',
    summary: 'Tenants, routes, models and providers seen, the latest first.',
    query: Parameters.DimensionsParameters,
    answer: Answers.DimensionsAnswer,
  }),
  question({
    id: 'listCalls',
    path: '/v1/calls',
    tag: 'calls',
    summary: 'Single calls, newest or slowest first.',
    query: Parameters.CallsParameters,
    answer: Answers.CallsAnswer,
  }),
  {
    ...question({
      id: 'getCall',
      path: '/v1/calls/{request_id}',
      tag: 'calls',
      summary: 'One call, with the lines of its cost.',
      query: Parameters.CallParameters,
      answer: Answers.CallAnswer,
    }),
    pathParameters: { request_id: 'The id that the application gave, or trace id and span id.' },
    problems: [400, 401, 403, 404, 422, 429, 503],
  },
  question({
    id: 'listEvaluations',
    path: '/v1/evaluations',
    tag: 'calls',
    summary: 'Evaluations per name and window.',
    query: Parameters.EvaluationsParameters,
    answer: Answers.EvaluationsAnswer,
  }),
  question({
    id: 'getAudit',
    path: '/v1/audit',
    tag: 'audit',
    summary: 'accepted = counted + waiting + duplicates + dead letters, per tenant and hour of log time.',
    query: Parameters.AuditParameters,
    answer: Answers.AuditAnswer,
  }),
  question({
    id: 'getCoverage',
    path: '/v1/coverage',
    tag: 'audit',
    summary:
      "Tokens by calls beside tokens by the senders' own metrics, per sender, session and hour: how much of what was used was seen.",
    query: Parameters.CoverageParameters,
    answer: Answers.CoverageAnswer,
  }),
  question({
    id: 'listUnpriced',
    path: '/v1/prices/unpriced',
    tag: 'audit',
    summary: 'What could not be priced, per provider and model.',
    query: Parameters.UnpricedParameters,
    answer: Answers.UnpricedAnswer,
  }),
];

/** The schemas that a generated client names. */
const SCHEMAS = {
  MetricsRow: Answers.MetricsRow,
  MetricsAnswer: Answers.MetricsAnswer,
  SummaryAnswer: Answers.SummaryAnswer,
  DimensionValue: Answers.DimensionValue,
  DimensionsAnswer: Answers.DimensionsAnswer,
  Call: Answers.Call,
  CallsAnswer: Answers.CallsAnswer,
  CostLine: Answers.CostLine,
  CallDetail: Answers.CallDetail,
  CallAnswer: Answers.CallAnswer,
  EvaluationRow: Answers.EvaluationRow,
  EvaluationsAnswer: Answers.EvaluationsAnswer,
  AuditCounts: Answers.AuditCounts,
  AuditRow: Answers.AuditRow,
  AuditAnswer: Answers.AuditAnswer,
  CoverageByCalls: Answers.CoverageByCalls,
  CoverageByMetrics: Answers.CoverageByMetrics,
  CoverageRow: Answers.CoverageRow,
  CoverageTotal: Answers.CoverageTotal,
  CoverageAnswer: Answers.CoverageAnswer,
  UnpricedModel: Answers.UnpricedModel,
  UnpricedAnswer: Answers.UnpricedAnswer,
};

/** The metrics API from the schemas that check its queries and type its answers. */
export function metricsOpenApi(version: string): object {
  return openApiDocument({
    title: 'StreamLens metrics API',
    description:
      'Calls, errors, latency, tokens and cost per minute and (tenant, route, model), readable within a second of the event.',
    version,
    tags: {
      metrics: 'Rows of sums and percentiles.',
      calls: 'Single calls and their evaluations.',
      audit: 'Whether everything was counted, and what has no price.',
    },
    schemas: SCHEMAS,
    operations: OPERATIONS,
  });
}
