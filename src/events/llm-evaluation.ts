import { type Static, Type } from 'typebox';
import { type EventTable, eventSchema } from './event-table.ts';
import { DimensionOf, NullableBoolean, NullableNumber, NullableText, RequestId, Timestamp } from './fields.ts';

/** Every field of an evaluation. */
export const EVALUATION_FIELDS = {
  request_id: { schema: RequestId },
  name: { schema: DimensionOf('What was judged.') },
  timestamp: { schema: Timestamp },
  score: { schema: Type.Optional(NullableNumber({ minimum: -1e9, maximum: 1e9, description: 'Any scale.' })) },
  label: { schema: Type.Optional(NullableText(255, 'A verdict in a word; the labels of a name are counted.')) },
  passed: { schema: Type.Optional(NullableBoolean('Whether the call passed.')) },
  evaluator: { schema: Type.Optional(NullableText(255, 'Who judged. Another one adds, the same one repeats.')) },
  comment: { schema: Type.Optional(NullableText(8192, 'Stays in the log.')) },
  tenant_id: { schema: Type.Optional(DimensionOf('Whose call it is. Absent: as the call says.')) },
  route: { schema: Type.Optional(DimensionOf('Absent: as the call says.')) },
  model: { schema: Type.Optional(DimensionOf('Absent: as the call says.')) },
} as const satisfies EventTable;

/** A judgement on a call, at any time after it. Keyed by `request_id` on `llm.evaluations`. */
export const LlmEvaluation = eventSchema(EVALUATION_FIELDS, {
  $id: 'LlmEvaluation',
  title: 'LlmEvaluation',
  description: 'A score, label or verdict on a call. Without tenant, route and model they come from the call.',
});

export type LlmEvaluation = Static<typeof LlmEvaluation>;
