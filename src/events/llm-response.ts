import { type Static, Type } from 'typebox';
import { ERROR_KINDS } from './error-kind.ts';
import {
  CostUsd,
  Dimension,
  DurationMs,
  NullableText,
  NullableWord,
  RequestId,
  Timestamp,
  TokenCount,
} from './fields.ts';

/** Who says what a call cost. */
export const COST_REPORTERS = ['provider', 'gateway', 'client'] as const;

export type CostReporter = (typeof COST_REPORTERS)[number];

/** The call ended, well or badly. Keyed by `request_id` on `llm.responses`. */
export const LlmResponse = Type.Object(
  {
    request_id: RequestId,
    timestamp: Timestamp,
    tenant_id: Type.Optional(
      Type.Union([Dimension, Type.Null()], {
        description:
          "Whose call it answers. Where absent: the API key's tenant's, else the oldest open call of that id.",
      }),
    ),
    latency_ms: Type.Optional(
      Type.Union([DurationMs, Type.Null()], { description: 'Where absent: the response minus the request timestamp.' }),
    ),
    completion_tokens: Type.Optional(TokenCount),
    finish_reason: Type.Optional(NullableText(255)),
    error: Type.Optional(
      Type.Union([Type.String({ maxLength: 8192 }), Type.Null()], {
        description: 'A non-empty string counts as an error.',
      }),
    ),
    time_to_first_token_ms: Type.Optional(Type.Union([DurationMs, Type.Null()])),
    reasoning_tokens: Type.Optional(TokenCount),
    prompt_tokens: Type.Optional(TokenCount),
    model: Type.Optional(Type.Union([Dimension, Type.Null()])),
    cached_prompt_tokens: Type.Optional(TokenCount),
    cache_write_tokens: Type.Optional(TokenCount),
    cache_write_1h_tokens: Type.Optional(TokenCount),
    audio_prompt_tokens: Type.Optional(TokenCount),
    cached_audio_prompt_tokens: Type.Optional(TokenCount),
    audio_completion_tokens: Type.Optional(TokenCount),
    image_prompt_tokens: Type.Optional(TokenCount),
    image_completion_tokens: Type.Optional(TokenCount),
    operation: Type.Optional(
      Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
        description:
          'As on the request. With `embeddings`, unknown completion tokens are none: there is no completion.',
      }),
    ),
    finish_reason_raw: Type.Optional(NullableText(255)),
    service_tier: Type.Optional(
      Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
        description: 'The tier that the provider billed: `flex`, `batch`, `priority`, … Absent: the standard one.',
      }),
    ),
    error_kind: Type.Optional(
      NullableWord(
        ERROR_KINDS,
        'What ended the call. Absent: read from `error` and `finish_reason`. `cancelled`: its user stopped it, which is no error.',
      ),
    ),
    reported_cost_usd: Type.Optional(
      Type.Union([CostUsd, Type.Null()], {
        description: 'What the call cost by the word of `cost_reported_by`.',
      }),
    ),
    cost_reported_by: Type.Optional(
      NullableWord(
        COST_REPORTERS,
        'A cost that the provider or a gateway charged wins over the price list; an estimate by a client library (the default) does not.',
      ),
    ),
    cache_hit: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: 'A proxy answered from its own cache: the call counts and costs nothing.',
      }),
    ),
  },
  {
    $id: 'LlmResponse',
    title: 'LlmResponse',
    description: 'One model call ended. What is given here about the prompt is what the provider billed and wins.',
    additionalProperties: true,
  },
);

export type LlmResponse = Static<typeof LlmResponse>;
