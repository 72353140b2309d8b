import { type Static, Type } from 'typebox';
import { Dimension, NullableText, RequestId, Timestamp, TokenCount } from './fields.ts';

/** An application is about to call a model. Keyed by `request_id` on `llm.requests`. */
export const LlmRequest = Type.Object(
  {
    request_id: RequestId,
    tenant_id: Dimension,
    route: Dimension,
    model: Dimension,
    timestamp: Timestamp,
    prompt_tokens: Type.Optional(TokenCount),
    user_id_hash: Type.Optional(NullableText(255)),
    metadata: Type.Optional(
      Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], {
        description: 'At most 16 KiB as JSON.',
      }),
    ),
    provider: Type.Optional(Type.Union([Dimension, Type.Null()])),
    session_id: Type.Optional(NullableText(255)),
    cached_prompt_tokens: Type.Optional(TokenCount),
    cache_write_tokens: Type.Optional(TokenCount),
    stream: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    operation: Type.Optional(
      Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
        description: 'As `gen_ai.operation.name`: chat, text_completion, generate_content or embeddings.',
      }),
    ),
  },
  {
    $id: 'LlmRequest',
    title: 'LlmRequest',
    description: 'One model call begins. Token counts include cached tokens.',
    additionalProperties: true,
  },
);

export type LlmRequest = Static<typeof LlmRequest>;
