import { type TSchema, Type } from 'typebox';
import { openApiDocument } from '../http/openapi.ts';
import type { Operation } from '../http/operation.ts';
import * as Answers from './contract/answers.ts';
import * as Parameters from './contract/parameters.ts';
import { TopAnswer, TopGroup } from './contract/top-answer.ts';
import { contentTypeOf, EXPORT_FORMATS } from './export/export-format.ts';

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

function scrape(id: string, path: string, summary: string, more: Pick<Operation, 'problems' | 'isOpen'>): Operation {
  const answer = { status: 200, description: 'The answer', content: { 'text/plain': Type.String() } };
  return { id, method: 'get', path, tag: 'operation', summary, answer, ...more };
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
  question({
    id: 'topChanges',
    path: '/v1/top',
    tag: 'metrics',
    summary:
      'Who or what changed the cost, the latency or the error rate most between two ranges, with its share of the change, and whether by its calls themselves or by their number.',
    query: Parameters.TopParameters,
    answer: TopAnswer,
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
  {
    ...question({
      id: 'exportData',
      path: '/v1/export',
      tag: 'metrics',
      summary:
        'Rows, single calls or FOCUS charges as a file, written as it is read. See docs/export.md for the columns.',
      query: Parameters.ExportParameters,
      answer: Type.String(),
    }),
    answer: {
      status: 200,
      description: 'A file',
      content: Object.fromEntries(EXPORT_FORMATS.map((format) => [contentTypeOf(format), Type.String()])),
    },
  },
  question({
    id: 'listReconciliations',
    path: '/v1/reconciliations',
    tag: 'audit',
    summary:
      'Bills of providers beside our figures, as `streamlens reconcile --save` found them: each difference with its cause.',
    query: Parameters.ReconciliationsParameters,
    answer: Answers.ReconciliationsAnswer,
  }),
  {
    id: 'getSession',
    method: 'get',
    path: '/v1/session',
    tag: 'session',
    summary: 'Whether a key is needed, and who is signed in by the cookie.',
    answer: { status: 200, description: 'The answer', content: { 'application/json': Answers.SessionAnswer } },
    problems: [400, 429, 503],
    isOpen: true,
  },
  {
    id: 'signIn',
    method: 'post',
    path: '/v1/session',
    tag: 'session',
    summary: 'Signs a browser in by a key that may read: the answer sets a cookie that no script reads.',
    body: { 'application/json': Parameters.SignIn },
    answer: { status: 204, description: 'Signed in', content: {} },
    problems: [400, 401, 403, 404, 413, 415, 429, 503],
    isOpen: true,
  },
  {
    id: 'signOut',
    method: 'delete',
    path: '/v1/session',
    tag: 'session',
    summary: 'Ends the session of the cookie, and takes the cookie away.',
    answer: { status: 204, description: 'Signed out', content: {} },
    problems: [400, 403, 404, 429, 503],
    isOpen: true,
  },
  {
    id: 'beginSingleSignOn',
    method: 'get',
    path: '/v1/session/oidc',
    tag: 'session',
    summary: 'Sends a browser to the OpenID Connect provider; 404 where none is set.',
    query: Parameters.BeginSingleSignOnParameters,
    answer: { status: 303, description: 'To the provider', content: {} },
    problems: [400, 404, 503],
    isOpen: true,
  },
  {
    id: 'finishSingleSignOn',
    method: 'get',
    path: '/v1/session/oidc/callback',
    tag: 'session',
    summary: 'Where the provider sends the browser back to: checks what it brings, and sets the cookie.',
    query: Parameters.SingleSignOnParameters,
    answer: { status: 303, description: 'Signed in; to the dashboard', content: {} },
    problems: [400, 403, 404, 503],
    isOpen: true,
  },
  scrape('getProcessMetrics', '/metrics/process', 'Of `/metrics` what this process tells of itself.', {
    problems: [400],
    isOpen: true,
  }),
  scrape('getLlmMetrics', '/metrics/llm', 'Of `/metrics` the calls of the tenants that the key may read.', {
    problems: [400, 401, 403, 503],
  }),
];

/** The schemas that a generated client names. */
const SCHEMAS = {
  MetricsRow: Answers.MetricsRow,
  MetricsAnswer: Answers.MetricsAnswer,
  SummaryAnswer: Answers.SummaryAnswer,
  TopGroup,
  TopAnswer,
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
  ReconciliationsAnswer: Answers.ReconciliationsAnswer,
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
      session: 'Who is signed in at the dashboard.',
    },
    hasSessions: true,
    schemas: SCHEMAS,
    operations: OPERATIONS,
  });
}
