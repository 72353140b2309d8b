import { type Static, Type } from 'typebox';
import { ERROR_KINDS, FAILURE_KINDS } from '../events/error-kind.ts';
import { COST_SOURCES } from './call.ts';

const Count = (description: string) => Type.Integer({ minimum: 0, description });
const Nullable = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const NullableInteger = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description });
const Instant = (description: string) => Type.String({ format: 'date-time', description });

const CountOfKind = Type.Integer({ minimum: 0 });
const countsOf = <const N extends readonly string[]>(names: N) =>
  Object.fromEntries(names.map((name) => [name, CountOfKind])) as { readonly [K in N[number]]: typeof CountOfKind };

/** A row of metrics as the API and the topic `llm.metrics` give it: the original's fields first, in its order. */
export const MetricsRowJson = Type.Object(
  {
    tenant_id: Type.Optional(Type.String({ description: 'Absent where several tenants are added up.' })),
    route: Type.Optional(Type.String({ description: 'Only where it was grouped by, as model and provider.' })),
    model: Type.Optional(Type.String()),
    provider: Type.Optional(Type.String({ description: 'Empty where no call said it.' })),
    error_kind: Type.Optional(
      Type.Union([Type.Enum([...ERROR_KINDS], { type: 'string' }), Type.Null()], {
        description: 'Only where it was grouped by; null for calls without an error. Such rows have counts only.',
      }),
    ),
    window_start: Instant('Its first instant, in UTC.'),
    window_end: Instant('The first instant after it.'),
    requests: Count('Calls whose request was seen; it grows at once.'),
    errors: Count('Calls that failed; they are completed too.'),
    avg_latency_ms: Nullable('Of completed calls.'),
    p95_latency_ms: Nullable('Percentiles are within 1.1 %.'),
    avg_prompt_tokens: Nullable('Over the calls whose prompt tokens are known.'),
    avg_completion_tokens: Nullable('Over the calls whose completion tokens are known.'),
    estimated_cost_usd: Nullable('Of what could be priced; null where that is nothing.'),
    completed: Count('Calls whose response was seen.'),
    in_flight: Type.Integer({ description: 'Calls that still wait for their response.' }),
    unanswered: Count('Calls whose response did not come within JOIN_TIMEOUT.'),
    p50_latency_ms: Nullable('The median.'),
    p99_latency_ms: Nullable('Of completed calls.'),
    max_latency_ms: Nullable('The slowest call.'),
    p95_ttft_ms: Nullable('Time to the first token.'),
    prompt_tokens: NullableInteger('A sum, cached and written tokens included.'),
    completion_tokens: NullableInteger('A sum, reasoning tokens included.'),
    cached_prompt_tokens: NullableInteger('Read from a cache; a part of prompt_tokens.'),
    cache_write_tokens: NullableInteger('Written to a cache; a part of prompt_tokens.'),
    reasoning_tokens: NullableInteger('A part of completion_tokens.'),
    unpriced_requests: NullableInteger('Completed calls that could not be priced.'),
    cancelled: Count('Calls that their user stopped; no errors.'),
    errors_by_kind: Type.Object(countsOf(FAILURE_KINDS), { description: 'Adds up to errors.' }),
    reported_cost_usd: Nullable('What providers or gateways said they charged.'),
    list_cost_usd: Nullable('What the list says of the same calls; null where that is nothing.'),
    cost_sources: Type.Union([Type.Object(countsOf(COST_SOURCES)), Type.Null()], {
      description: 'How many completed calls got their cost from where; adds up to completed.',
    }),
    quantiles: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()]), {
        description: 'Latency in ms by the quantiles that were asked for.',
      }),
    ),
  },
  { description: 'What is known about one window and group. An average or percentile over nothing is null.' },
);
export type MetricsRowJson = Static<typeof MetricsRowJson>;

/** A value of the topic `llm.metrics`. */
export const PublishedRow = Type.Object(
  {
    ...MetricsRowJson.properties,
    revision: Count('Grows with every change of the row: the largest one is the newest.'),
  },
  { title: 'LlmMetrics', description: 'What is known about one minute of a tenant, route and model, as totals.' },
);

/** Sums that every row has but those of an error kind. */
export const SUMS_OF_WHOLE_ROWS = [
  'prompt_tokens',
  'completion_tokens',
  'cached_prompt_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'unpriced_requests',
  'reported_cost_usd',
  'list_cost_usd',
  'cost_sources',
] as const satisfies readonly (keyof MetricsRowJson)[];

/** What is not kept by error kind: null in such rows rather than that of other calls. */
export const NOT_BY_ERROR_KIND = [
  ...SUMS_OF_WHOLE_ROWS,
  'avg_latency_ms',
  'p50_latency_ms',
  'p95_latency_ms',
  'p99_latency_ms',
  'max_latency_ms',
  'p95_ttft_ms',
  'avg_prompt_tokens',
  'avg_completion_tokens',
  'estimated_cost_usd',
] as const satisfies readonly (keyof MetricsRowJson)[];
