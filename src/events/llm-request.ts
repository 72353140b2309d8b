import { type Static, Type } from 'typebox';
import { type EventTable, eventSchema, type KeptOf, keptFields } from './event-table.ts';
import {
  DimensionOf,
  NullableBoolean,
  NullableDimension,
  NullableObject,
  NullableText,
  RequestId,
  Timestamp,
  TokenCount,
  UNKNOWN_IS_NULL,
} from './fields.ts';

/** Every field of a request. One that is kept becomes a column of `calls`, which the stores' SQL must have. */
export const REQUEST_FIELDS = {
  request_id: { schema: RequestId },
  tenant_id: { schema: DimensionOf('Whose call it is.') },
  route: { schema: DimensionOf('The part of the application that calls.') },
  model: { schema: DimensionOf('As it is asked for.') },
  timestamp: { schema: Timestamp },
  prompt_tokens: {
    schema: Type.Optional(TokenCount(`All of the prompt, cached tokens included. ${UNKNOWN_IS_NULL}`)),
    absent: 0,
  },
  user_id_hash: {
    schema: Type.Optional(NullableText(255, 'Who calls.')),
    kept: { answer: 'Who called.', filter: 'Only calls of this user.' },
  },
  metadata: {
    schema: Type.Optional(NullableObject('At most 16 KiB as JSON.')),
    kept: { answer: 'The object that the request carried; null where it had none.' },
  },
  provider: { schema: Type.Optional(NullableDimension('Any spelling; with it open models can be priced.')) },
  session_id: {
    schema: Type.Optional(NullableText(255, 'In which session.')),
    kept: { answer: 'In which session.', filter: 'Only calls of this session.' },
  },
  cached_prompt_tokens: {
    schema: Type.Optional(TokenCount(`The part of the prompt that is read from a cache. ${UNKNOWN_IS_NULL}`)),
    absent: 0,
  },
  cache_write_tokens: {
    schema: Type.Optional(TokenCount(`The part of the prompt that is written to a cache. ${UNKNOWN_IS_NULL}`)),
    absent: 0,
  },
  stream: { schema: Type.Optional(NullableBoolean('Answered in pieces.')) },
  operation: {
    schema: Type.Optional(
      NullableText(255, 'As `gen_ai.operation.name`: chat, text_completion, generate_content or embeddings.'),
    ),
  },
} as const satisfies EventTable;

/** An application is about to call a model. Keyed by `request_id` on `llm.requests`. */
export const LlmRequest = eventSchema(REQUEST_FIELDS, {
  $id: 'LlmRequest',
  title: 'LlmRequest',
  description: 'One model call begins. Token counts include cached tokens.',
});

export type LlmRequest = Static<typeof LlmRequest>;

/** What a single call keeps of its request as it was sent. */
export type KeptOfRequest = KeptOf<typeof REQUEST_FIELDS>;
export const KEPT_OF_REQUEST = keptFields(REQUEST_FIELDS);
