import { type Static, Type } from 'typebox';
import { CostUsd, Dimension, DurationMs, NullableText, RequestId, Timestamp, TokenCount } from './fields.ts';

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
    error_kind: Type.Optional(
      Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
        description:
          'rate_limit, timeout, auth, invalid_request, content_filter, server or other. With `cancelled` the call was stopped by its user and did not fail.',
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
    service_tier: Type.Optional(NullableText(255)),
    reported_cost_usd: Type.Optional(
      Type.Union([CostUsd, Type.Null()], { description: 'What somebody says that the call cost.' }),
    ),
    cost_reported_by: Type.Optional(
      Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
        description:
          'provider, gateway or client. What a provider or gateway says wins over the price list; any other word is an estimate.',
      }),
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
