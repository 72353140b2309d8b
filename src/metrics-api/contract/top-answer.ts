import { type Static, Type } from 'typebox';
import { Count, Instant, NullableNumber } from './answer-fields.ts';
import { Completeness } from './answers.ts';
import { DIMENSIONS_OF_ROW } from './metrics-row.ts';

export type TopMeasure = 'cost' | 'latency' | 'errors';

/** A dimension by a key of the metadata is a field of its name. */
export const TopGroup = Type.Object(
  {
    ...DIMENSIONS_OF_ROW,
    tenant_id: Type.Optional(Type.String()),
    route: Type.Optional(Type.String()),
    model: Type.Optional(Type.String()),
    provider: Type.Optional(Type.String()),
    calls_before: Count(),
    calls_after: Count(),
    before: NullableNumber('Its own value in the earlier range; null where it had no call.'),
    after: NullableNumber('Its own value in the later range.'),
    contribution: NullableNumber('What it did to the whole. Those of all groups add up to the change.'),
    share: NullableNumber('Of the change of the whole; may be negative, or more than 1 where others did the opposite.'),
    by_each_call: NullableNumber('The part of the contribution that comes from its calls themselves.'),
    by_number_of_calls: NullableNumber('The part that comes from there being more or fewer of them.'),
  },
  { additionalProperties: Type.String() },
);
export type TopGroup = Static<typeof TopGroup>;

export const TopAnswer = Type.Object({
  measure: Type.Unsafe<TopMeasure>({ type: 'string', enum: ['cost', 'latency', 'errors'] }),
  from: Instant('Start of the later range.'),
  to: Instant('Its end.'),
  compare_from: Instant('Start of the range that it is compared with.'),
  compare_to: Instant('Its end.'),
  before: NullableNumber(
    'Of the whole: USD, the average latency in ms, or errors / completed; null where nothing is known.',
  ),
  after: NullableNumber('Of the whole, in the later range.'),
  change: NullableNumber('after − before.'),
  top: Type.Array(TopGroup, {
    description: 'Who contributed most, in either direction, first.',
  }),
  group_count: Count('All groups, also those beyond the limit.'),
  rest: NullableNumber('What the groups beyond the limit contributed together.'),
  not_grouped_before: Type.Optional(
    Count('Only by a dimension: calls of the earlier range that are in no group, as METRIC_DIMENSIONS was set later.'),
  ),
  not_grouped_after: Type.Optional(Count('Likewise of the later range.')),
  ...Completeness.properties,
});
export type TopAnswer = Static<typeof TopAnswer>;
