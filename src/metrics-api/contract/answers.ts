import {
  type Static,
  type TNull,
  type TNumber,
  type TSchema,
  type TString,
  type TUnion,
  type TUnknown,
  Type,
} from 'typebox';
import type { KeptNamesOf } from '../../events/event-table.ts';
import type { REQUEST_FIELDS } from '../../events/llm-request.ts';
import type { RESPONSE_FIELDS } from '../../events/llm-response.ts';
import { COST_SOURCES } from '../../metrics-store/call.ts';
import { CALL_KEPT } from '../../metrics-store/call-columns.ts';
import type { SUMS_OF_WHOLE_ROWS } from '../../metrics-store/metrics-row.ts';
import { ReconciliationJson } from '../../reconciliation/report-json.ts';
import { Count, Instant, NullableInteger, NullableNumber, NullableText } from './answer-fields.ts';
import * as Rows from './metrics-row.ts';

/** What the metrics API answers. Handlers, OpenAPI and the dashboard take types and documentation from here. */

export const MetricsRow = Rows.MetricsRow;
export type MetricsRow = Rows.MetricsRow;
export type SumOfWholeRow = (typeof SUMS_OF_WHOLE_ROWS)[number];

export const Completeness = Type.Object({
  as_of: Instant('Everything that was committed by then is in the answer.'),
  complete_until: NullableText('Log time up to which every event is in the answer; null before the first event.'),
  lag_ms: NullableNumber('How long before as_of that is.'),
});
export type Completeness = Static<typeof Completeness>;

const COMPLETENESS = Completeness.properties;
const NextCursor = Type.Optional(Type.String({ description: 'For the next page; absent on the last one.' }));

export const MetricsAnswer = Type.Object({
  metrics: Type.Array(MetricsRow),
  count: Count('Rows in this answer.'),
  next_cursor: NextCursor,
  ...COMPLETENESS,
});
export type MetricsAnswer = Static<typeof MetricsAnswer>;

export const SummaryAnswer = Type.Object({
  summary: Type.Array(MetricsRow, { description: 'One row for the range, or one per group, busiest first.' }),
  group_count: Count('All groups, also those beyond the limit.'),
  distinct_values: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Only where a dimension was grouped by: how many values it had; null beyond the limit of values.',
    }),
  ),
  ...COMPLETENESS,
});
export type SummaryAnswer = Static<typeof SummaryAnswer>;

export const DimensionValue = Type.Object({
  value: Type.String(),
  last_activity: Instant('Start of its newest window.'),
});
export type DimensionValue = Static<typeof DimensionValue>;

const Values = Type.Array(DimensionValue, { description: 'The latest first.' });
export const DimensionsAnswer = Type.Object({
  tenants: Values,
  routes: Values,
  models: Values,
  providers: Values,
  metric_dimensions: Type.Array(Type.String(), {
    description: 'METRIC_DIMENSIONS: by what else may be grouped and filtered, such as user.',
  }),
  next_cursor: NextCursor,
});
export type DimensionsAnswer = Static<typeof DimensionsAnswer>;

/** What a call shows of its events as they were sent. */
type Kept = {
  [Name in KeptNamesOf<typeof REQUEST_FIELDS> | KeptNamesOf<typeof RESPONSE_FIELDS>]: (typeof REQUEST_FIELDS &
    typeof RESPONSE_FIELDS)[Name] extends { readonly schema: infer Schema extends TSchema }
    ? KeptAnswer<NonNullable<Static<Schema>>>
    : never;
};
type KeptAnswer<Sent> = Sent extends string | number
  ? TUnion<[Sent extends string ? TString : TNumber, TNull]>
  : TUnknown;

const KEPT_ANSWERS = {
  text: NullableText,
  integer: NullableInteger,
  number: NullableNumber,
  object: (description: string) => Type.Unknown({ description }),
} as const;
const KEPT = Object.fromEntries(
  CALL_KEPT.map(({ name, kind, answer }) => [name, KEPT_ANSWERS[kind](answer)]),
) as unknown as Kept;
export type KeptAnswers = { [Name in keyof Kept]: Static<Kept[Name]> };

export const Call = Type.Object(
  {
    request_id: Type.String(),
    tenant_id: Type.String(),
    route: Type.String(),
    model: Type.String({ description: 'As it was asked for.' }),
    provider: NullableText('Who was asked.'),
    timestamp: Instant('Of the request.'),
    status: Type.Union([
      Type.Literal('completed'),
      Type.Literal('error'),
      Type.Literal('waiting'),
      Type.Literal('unanswered'),
    ]),
    latency_ms: NullableNumber('From request to response.'),
    time_to_first_token_ms: NullableNumber('From request to the first token.'),
    prompt_tokens: NullableInteger('Cached and written tokens included.'),
    completion_tokens: NullableInteger('Reasoning tokens included.'),
    cached_prompt_tokens: NullableInteger('Read from a cache.'),
    cache_write_tokens: NullableInteger('Written to a cache.'),
    reasoning_tokens: NullableInteger('A part of the completion.'),
    error: NullableText('What failed.'),
    answered_model: NullableText('The model that answered, where it said so.'),
    error_kind: NullableText('What kind of failure it was, or that its user stopped it.'),
    estimated_cost_usd: NullableNumber('Null where it could not be priced or is not known yet.'),
    cost_source: Type.Union([Type.Enum([...COST_SOURCES], { type: 'string' }), Type.Null()], {
      description: 'Where the cost came from.',
    }),
    reported_cost_usd: NullableNumber('What the provider or a gateway said it charged.'),
    cost_reported_by: NullableText('Who said so.'),
    list_cost_usd: NullableNumber('What the list says.'),
    ...KEPT,
  },
  { description: 'One call; what is not known is null.' },
);
export type Call = Static<typeof Call>;
export type CallStatus = Call['status'];

export const CallsAnswer = Type.Object({
  calls: Type.Array(Call),
  next_cursor: NullableText('For the next page; null on the last one.'),
  kept: Type.Optional(
    Type.Object(
      { calls: Count(), errors: Count() },
      { description: 'How many of the range, route and model are kept one by one; only where count=true.' },
    ),
  ),
});
export type CallsAnswer = Static<typeof CallsAnswer>;

export const CostLine = Type.Object({
  part: Type.String({ description: 'A part of the tokens, a fee, or reported: what was charged.' }),
  tokens: NullableInteger('Null where it is not tokens that are billed.'),
  usd_per_million_tokens: NullableNumber('Null where it is not tokens that are billed.'),
  searches: Type.Optional(Type.Integer({ description: 'Of web_search: how many.' })),
  cost_usd: Type.Number({ description: 'The nearest double; the exact sum is kept in 10^-12 USD.' }),
});
export type CostLine = Static<typeof CostLine>;

export const CallDetail = Type.Object(
  {
    ...Call.properties,
    cost_lines: Type.Array(CostLine, { description: 'What the cost is made of.' }),
    list_cost_lines: Type.Optional(
      Type.Array(CostLine, { description: 'What it would cost by the list, where a reported cost wins.' }),
    ),
    price_source: NullableText('Where the price came from.'),
  },
  { description: 'One call with the lines of its cost.' },
);
export type CallDetail = Static<typeof CallDetail>;

export const CallAnswer = Type.Object({ call: CallDetail });
export type CallAnswer = Static<typeof CallAnswer>;

export const EvaluationRow = Type.Object({
  tenant_id: Type.String(),
  name: Type.String(),
  window_start: Instant('Its first instant.'),
  window_end: Instant('The first instant after it.'),
  count: Count(),
  avg_score: NullableNumber('Over the evaluations with a score.'),
  pass_rate: NullableNumber('Over the evaluations that were passed or failed.'),
  labels: Type.Record(Type.String(), Count(), { description: 'How often each label was given.' }),
});
export type EvaluationRow = Static<typeof EvaluationRow>;

export const EvaluationsAnswer = Type.Object({
  evaluations: Type.Array(EvaluationRow),
  count: Count('Rows in this answer.'),
  ...COMPLETENESS,
});
export type EvaluationsAnswer = Static<typeof EvaluationsAnswer>;

export const AuditCounts = Type.Object(
  {
    accepted: Count(),
    counted: Count(),
    waiting: Count(),
    duplicates: Count(),
    dead_letters: Count(),
    foreign_tenant: Count("Of the dead letters, those that spoke of another tenant's call."),
  },
  { description: 'accepted = counted + waiting + duplicates + dead_letters' },
);
export type AuditCounts = Static<typeof AuditCounts>;

const ReportCounts = Type.Object(
  {
    accepted: Count(),
    calls: Count('Reports that stand for a call.'),
    folded: Count("Reports of another report's call."),
    context: Count('Reports that only tell whose the calls of their trace are.'),
    agents_without_calls: Count(
      'Of the context, spans of agents, chains and tools in whose traces no model call is known.',
    ),
    duplicates: Count(),
    dead_letters: Count(),
    late: Count('Of these, those that came after their trace was closed.'),
  },
  { description: 'What came by OTLP. accepted = calls + folded + context + duplicates + dead_letters' },
);

const KINDS = {
  requests: AuditCounts,
  responses: AuditCounts,
  evaluations: AuditCounts,
  reports: ReportCounts,
  corrections: Count('Calls that were counted, and counted otherwise when more was learnt about them.'),
  metric_points: Count("Data points of senders' own metrics that came as witnesses, see /v1/coverage; in no sum here."),
};

export const AuditRow = Type.Object({
  tenant_id: NullableText('Null for records that name no tenant: responses whose request has not come.'),
  hour: Instant('Of log time: when the record was taken, not when the call was.'),
  balanced: Type.Boolean(),
  ...KINDS,
});
export type AuditRow = Static<typeof AuditRow>;

export const AuditAnswer = Type.Object({
  balanced: Type.Boolean({ description: 'Whether every row balances.' }),
  from: NullableText('The first hour of log time that the totals cover; null where there is none.'),
  to: NullableText('The end of the last one.'),
  totals: Type.Object(KINDS, { description: 'Of the whole range, whatever the page.' }),
  without_tenant: Type.Union([Type.Object(KINDS), Type.Null()], {
    description:
      'The totals of records that name no tenant, beside those of one tenant; null where they are in the totals already or not for the caller.',
  }),
  audit: Type.Array(AuditRow, { description: 'Oldest hour first.' }),
  next_cursor: NextCursor,
  ...COMPLETENESS,
});
export type AuditAnswer = Static<typeof AuditAnswer>;

const ByWitness = {
  prompt_tokens: Count('Cached and written tokens included.'),
  completion_tokens: Count('Reasoning tokens included.'),
  cached_prompt_tokens: Count('Read from a cache.'),
  cache_write_tokens: Count('Written to a cache.'),
  reasoning_tokens: Count('A part of the completion.'),
};

export const CoverageByCalls = Type.Object(
  {
    calls: Count(),
    ...ByWitness,
    cost_usd: NullableNumber('Null where none of them could be priced.'),
    unpriced_calls: Count(),
  },
  { description: 'What was seen as calls by OTLP. Unknown token counts are in no sum.' },
);
export type CoverageByCalls = Static<typeof CoverageByCalls>;

const MeteredTokens = (of: string) => NullableInteger(`${of} Null where its metrics do not tell.`);
export const CoverageByMetrics = Type.Object(
  {
    prompt_tokens: MeteredTokens('Cached and written tokens included.'),
    completion_tokens: MeteredTokens('Reasoning tokens included.'),
    cached_prompt_tokens: MeteredTokens('Read from a cache.'),
    cache_write_tokens: MeteredTokens('Written to a cache.'),
    reasoning_tokens: MeteredTokens('A part of the completion.'),
    cost_usd: NullableNumber('Mostly an estimate of the client. Null where its metrics do not tell.'),
  },
  { description: "What the sender's own metrics say that it used. It is in no sum of calls." },
);
export type CoverageByMetrics = Static<typeof CoverageByMetrics>;

const LostPoints = Count(
  'Data points that found no room, repetitions included: with any of them metered is too little.',
);
const Witnesses = {
  calls: Type.Union([CoverageByCalls, Type.Null()], { description: 'Null where nothing was seen as a call.' }),
  metered: Type.Union([CoverageByMetrics, Type.Null()], { description: 'Null where no metric came.' }),
  lost_points: LostPoints,
  metered_only: Type.Boolean({ description: 'Metered usage: its metrics came, and none of its calls.' }),
  seen_share: NullableNumber(
    'Tokens by calls divided by tokens by metrics, prompt and completion: 0.972 says that 97.2 % of what was used was seen as calls. Above 1 where the metrics are what is missing. Null without tokens by metrics.',
  ),
};

export const CoverageRow = Type.Object({
  tenant_id: Type.String(),
  sender: Type.String({ description: 'The coding agent, or else the service.' }),
  session_id: NullableText('Of an agent; null where its metrics name none.'),
  hour: Instant('Start of the hour in which its calls began, and in which its metrics were measured.'),
  ...Witnesses,
});
export type CoverageRow = Static<typeof CoverageRow>;

export const CoverageTotal = Type.Object(
  { tenant_id: Type.String(), sender: Type.String(), ...Witnesses },
  { description: 'Its share is that of the sessions that its metrics tell of; other sessions are in its calls alone.' },
);
export type CoverageTotal = Static<typeof CoverageTotal>;

export const CoverageAnswer = Type.Object({
  totals: Type.Array(CoverageTotal, { description: 'One per tenant and sender, of the whole range.' }),
  coverage: Type.Array(CoverageRow, { description: 'Newest hour first, then by tenant, sender and session.' }),
  next_cursor: NextCursor,
  ...COMPLETENESS,
});
export type CoverageAnswer = Static<typeof CoverageAnswer>;

export const UnpricedModel = Type.Object({
  provider: NullableText('Null where no call said it.'),
  model: Type.String(),
  calls: Count(),
  calls_without_tokens: Count('Of these, calls with an unknown token count: no price would help them.'),
  input_tokens: Count(),
  output_tokens: Count(),
  first_seen: Instant('The first minute with such a call.'),
  last_seen: Instant('The last one.'),
});
export type UnpricedModel = Static<typeof UnpricedModel>;

export const UnpricedAnswer = Type.Object({
  unpriced: Type.Array(UnpricedModel, { description: 'Most calls first.' }),
});
export type UnpricedAnswer = Static<typeof UnpricedAnswer>;

export const SessionAnswer = Type.Object({
  sign_in_with: Type.Union([Type.Object({ name: Type.String(), url: Type.String() }), Type.Null()], {
    description: 'Where else people sign in; null where they do by key alone.',
  }),
  is_key_required: Type.Boolean({ description: 'Whether reading takes an API key or a session.' }),
  signed_in: Type.Union([
    Type.Object({
      subject: Type.String({ description: 'The id of the key, or who he is where somebody else vouches for him.' }),
      roles: Type.Array(Type.String()),
      tenant_ids: Type.Union([Type.Array(Type.String()), Type.Null()], { description: 'Null for all tenants.' }),
      expires_at: Type.String({ description: 'RFC 3339.' }),
    }),
    Type.Null(),
  ]),
});

export const ReconciliationsAnswer = Type.Object({
  reconciliations: Type.Array(ReconciliationJson, { description: 'The newest first.' }),
});
export type ReconciliationsAnswer = Static<typeof ReconciliationsAnswer>;
export type Reconciliation = ReconciliationJson;
