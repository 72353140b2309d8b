import { type Static, Type } from 'typebox';
import { FAILURE_KINDS } from '../events/error-kind.ts';
import { COST_SOURCES } from './call.ts';

const Count = (description: string) => Type.Integer({ minimum: 0, description });
const Nullable = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
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
    prompt_tokens: Type.Integer({ description: 'A sum, cached and written tokens included.' }),
    completion_tokens: Type.Integer({ description: 'A sum, reasoning tokens included.' }),
    cached_prompt_tokens: Type.Integer({ description: 'Read from a cache; a part of prompt_tokens.' }),
    cache_write_tokens: Type.Integer({ description: 'Written to a cache; a part of prompt_tokens.' }),
    reasoning_tokens: Type.Integer({ description: 'A part of completion_tokens.' }),
    unpriced_requests: Count('Completed calls that could not be priced.'),
    cancelled: Count('Calls that their user stopped; no errors.'),
    errors_by_kind: Type.Object(countsOf(FAILURE_KINDS), { description: 'Adds up to errors.' }),
    reported_cost_usd: Type.Number({ description: 'What providers or gateways said they charged.' }),
    list_cost_usd: Type.Number({ description: 'What the list says of the same calls.' }),
    cost_sources: Type.Object(countsOf(COST_SOURCES), {
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
