import { Type } from 'typebox';

/** The kinds of fields that answers are made of. */
export const Count = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) });
export const NullableNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
export const NullableInteger = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description });
export const NullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
export const Instant = (description: string) => Type.String({ format: 'date-time', description });
