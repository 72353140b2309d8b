import { Type } from 'typebox';
import { MetricsRowJson } from '../../metrics-store/metrics-row.ts';

const DimensionOfRow = Type.Optional(
  Type.String({
    description: 'Only where it was grouped by; __none__ for calls without one, __overflow__ beyond the limit.',
  }),
);
export const DIMENSIONS_OF_ROW = {
  user: DimensionOfRow,
  session: DimensionOfRow,
  agent: DimensionOfRow,
  team: DimensionOfRow,
};
/** A dimension by a key of the metadata is a field of its name. */
export const MetricsRow = Type.Object(
  { ...DIMENSIONS_OF_ROW, ...MetricsRowJson.properties },
  {
    description: 'What is known about one window and group. An average or percentile over nothing is null.',
    additionalProperties: Type.String(),
  },
);
export type DimensionsOfRow = { readonly [Name in keyof typeof DIMENSIONS_OF_ROW]?: string };
export type MetricsRow = MetricsRowJson & DimensionsOfRow;
