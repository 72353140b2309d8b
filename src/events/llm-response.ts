import { type Static, Type } from 'typebox';
import { ERROR_KINDS } from './error-kind.ts';
import { type EventTable, eventSchema, type KeptOf, keptFields } from './event-table.ts';
import {
  NullableBoolean,
  NullableCostUsd,
  NullableDimension,
  NullableDurationMs,
  NullableText,
  NullableWord,
  RequestId,
  Timestamp,
  TokenCount,
  UNKNOWN_IS_NULL,
} from './fields.ts';

/** Who says what a call cost. */
export const COST_REPORTERS = ['provider', 'gateway', 'client'] as const;

export type CostReporter = (typeof COST_REPORTERS)[number];

/** What absence means where the provider may say it better than the request. */
const ELSE_REQUEST = 'Absent or null: what the request says.';
const ELSE_NONE = 'Absent or null: none was reported.';

/** Every field of a response. One that is kept becomes a column of `calls`, which the stores' SQL must have. */
export const RESPONSE_FIELDS = {
  request_id: { schema: RequestId },
  timestamp: { schema: Timestamp },
  tenant_id: {
    schema: Type.Optional(
      NullableDimension(
        "Whose call it answers. Where absent: the API key's tenant's, else the oldest open call of that id.",
      ),
    ),
  },
  latency_ms: {
    schema: Type.Optional(
      NullableDurationMs(
        'Where absent: the response minus the request timestamp, where that is positive. Null: unknown.',
      ),
    ),
  },
  completion_tokens: {
    schema: Type.Optional(TokenCount(`All of the completion, reasoning tokens included. ${UNKNOWN_IS_NULL}`)),
    absent: 0,
  },
  finish_reason: {
    schema: Type.Optional(NullableText(255, 'Why the completion ended.')),
    kept: { answer: 'Why it ended.' },
  },
  error: { schema: Type.Optional(NullableText(8192, 'A non-empty string counts as an error.')) },
  time_to_first_token_ms: {
    schema: Type.Optional(NullableDurationMs('From the request to the first token. Absent: unknown.')),
  },
  reasoning_tokens: {
    schema: Type.Optional(TokenCount(`The part of the completion that only the model reads. ${UNKNOWN_IS_NULL}`)),
    absent: 0,
  },
  prompt_tokens: { schema: Type.Optional(TokenCount(`All of the prompt, as billed. ${ELSE_REQUEST}`)) },
  model: { schema: Type.Optional(NullableDimension('The model that answered, which is billed.')) },
  cached_prompt_tokens: {
    schema: Type.Optional(TokenCount(`The part of the prompt that was read from a cache. ${ELSE_REQUEST}`)),
  },
  cache_write_tokens: {
    schema: Type.Optional(TokenCount(`The part of the prompt that was written to a cache. ${ELSE_REQUEST}`)),
  },
  cache_write_1h_tokens: {
    schema: Type.Optional(TokenCount(`The part of the cache writes that stay for an hour. ${ELSE_NONE}`)),
  },
  audio_prompt_tokens: { schema: Type.Optional(TokenCount(`The audio in the prompt. ${ELSE_NONE}`)) },
  cached_audio_prompt_tokens: {
    schema: Type.Optional(TokenCount(`The audio among the cached tokens. ${ELSE_NONE}`)),
  },
  audio_completion_tokens: { schema: Type.Optional(TokenCount(`The audio in the completion. ${ELSE_NONE}`)) },
  image_prompt_tokens: { schema: Type.Optional(TokenCount(`The images in the prompt. ${ELSE_NONE}`)) },
  image_completion_tokens: { schema: Type.Optional(TokenCount(`The images in the completion. ${ELSE_NONE}`)) },
  web_search_requests: {
    schema: Type.Optional(
      TokenCount(`Searches of the web that the provider ran for the call and bills beside its tokens. ${ELSE_NONE}`),
    ),
  },
  operation: {
    schema: Type.Optional(
      NullableText(
        255,
        'As on the request. With `embeddings`, unknown completion tokens are none: there is no completion.',
      ),
    ),
  },
  finish_reason_raw: { schema: Type.Optional(NullableText(255, 'The finish reason in the words of the provider.')) },
  service_tier: {
    schema: Type.Optional(
      NullableText(255, 'The tier that the provider billed: `flex`, `batch`, `priority`, … Absent: the standard one.'),
    ),
    kept: { answer: 'As the provider names it.' },
  },
  error_kind: {
    schema: Type.Optional(
      NullableWord(
        ERROR_KINDS,
        'What ended the call. Absent: read from `error` and `finish_reason`. `cancelled`: its user stopped it, which is no error.',
      ),
    ),
  },
  reported_cost_usd: {
    schema: Type.Optional(NullableCostUsd('What the call cost by the word of `cost_reported_by`.')),
  },
  cost_reported_by: {
    schema: Type.Optional(
      NullableWord(
        COST_REPORTERS,
        'A cost that the provider or a gateway charged wins over the price list; an estimate by a client library (the default) does not.',
      ),
    ),
  },
  cache_hit: {
    schema: Type.Optional(NullableBoolean('A proxy answered from its own cache: the call counts and costs nothing.')),
  },
} as const satisfies EventTable;

/** The call ended, well or badly. Keyed by `request_id` on `llm.responses`. */
export const LlmResponse = eventSchema(RESPONSE_FIELDS, {
  $id: 'LlmResponse',
  title: 'LlmResponse',
  description: 'One model call ended. What is given here about the prompt is what the provider billed and wins.',
});

export type LlmResponse = Static<typeof LlmResponse>;

/** What a single call keeps of its response as it was sent. */
export type KeptOfResponse = KeptOf<typeof RESPONSE_FIELDS>;
export const KEPT_OF_RESPONSE = keptFields(RESPONSE_FIELDS);
