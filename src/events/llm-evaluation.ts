import { type Static, Type } from 'typebox';
import { Dimension, NullableText, RequestId, Timestamp } from './fields.ts';

/** A judgement on a call, at any time after it. Keyed by `request_id` on `llm.evaluations`. */
export const LlmEvaluation = Type.Object(
  {
    request_id: RequestId,
    name: Dimension,
    timestamp: Timestamp,
    score: Type.Optional(Type.Union([Type.Number({ minimum: -1e9, maximum: 1e9 }), Type.Null()])),
    label: Type.Optional(NullableText(255)),
    passed: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    evaluator: Type.Optional(NullableText(255)),
    comment: Type.Optional(NullableText(8192)),
    tenant_id: Type.Optional(Dimension),
    route: Type.Optional(Dimension),
    model: Type.Optional(Dimension),
  },
  {
    $id: 'LlmEvaluation',
    title: 'LlmEvaluation',
    description: 'A score, label or verdict on a call. Without tenant, route and model they come from the call.',
    additionalProperties: true,
  },
);

export type LlmEvaluation = Static<typeof LlmEvaluation>;
