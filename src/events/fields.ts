import { Type } from 'typebox';

/** One event, as JSON in UTF-8, takes at most this much; the same limit holds on HTTP and on the topics. */
export const EVENT_BYTES_MAX = 64 * 1024;

/** `metadata` as JSON in UTF-8. */
export const METADATA_BYTES_MAX = 16 * 1024;

/**
 * Reading JSON does not recurse, writing it does: 7000 brackets in one request, which fit into 16 KiB, would overflow
 * the stack of whoever writes them again, for every restart anew.
 */
export const METADATA_LEVELS_MAX = 500;

/**
 * No model has a context of more than some millions of tokens. The limit keeps every sum an exact integer:
 * a row could take 90 million such calls before it left the integers that a JavaScript number holds.
 */
export const TOKENS_MAX = 100_000_000;

/** Thirty days. A longer "latency" is a wrong unit or a wrong clock. */
export const DURATION_MS_MAX = 30 * 24 * 3_600_000;

/** U+0000 separates dimensions inside, and Postgres cannot hold it. */
export const TEXT_PATTERN = '^[^\\u0000]*$';

/** The join key. The same id sent again within the dedup horizon changes nothing. */
export const RequestId = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: TEXT_PATTERN,
  description: 'Unique per call; joins the two halves.',
});

/** A dimension of the metrics: tenant, route, model, provider. */
export const Dimension = Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN });

export const DimensionOf = (description: string) =>
  Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN, description });

export const NullableDimension = (description: string) => Type.Union([Dimension, Type.Null()], { description });

export const TIMESTAMP_PATTERN =
  '^(19[7-9]\\d|20\\d\\d|21\\d\\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[Tt ]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$';

/**
 * RFC 3339 with any offset, from 1970 to 2199: what lies outside is a unit mistake (or Go's zero time), and
 * would open a window that nobody ever looks at. There is no `format: date-time`, as it forbids
 * the blank that RFC 3339 allows in place of the T.
 */
export const Timestamp = Type.String({
  pattern: TIMESTAMP_PATTERN,
  description: 'RFC 3339, any offset, years 1970 to 2199.',
  examples: ['2025-11-19T10:00:00Z'],
});

/** What absence means is in the event's table: 0 here, as in the original, and there what the request says. */
export const TokenCount = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0, maximum: TOKENS_MAX }), Type.Null()], { description });

/** What absence means for token counts of which none is 0. */
export const UNKNOWN_IS_NULL = 'Absent counts as 0; null means unknown: it enters no average and no cost.';

/** Milliseconds, fractions allowed. */
export const NullableDurationMs = (description: string) =>
  NullableNumber({ minimum: 0, maximum: DURATION_MS_MAX, description });

/** The dearest call of a million tokens costs some hundred dollars. */
export const COST_USD_MAX = 1_000_000;

/** What one call was said to cost. */
export const NullableCostUsd = (description: string) =>
  NullableNumber({ minimum: 0, maximum: COST_USD_MAX, description });

/** One of some words, or null. */
export const NullableWord = <const Word extends string>(words: readonly Word[], description: string) =>
  Type.Union([Type.Unsafe<Word>({ type: 'string', enum: [...words] }), Type.Null()], { description });

export const NullableText = (maxLength: number, description: string) =>
  Type.Union([Type.String({ maxLength }), Type.Null()], { description });

export const NullableBoolean = (description: string) => Type.Union([Type.Boolean(), Type.Null()], { description });

export const NullableObject = (description: string) =>
  Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], { description });

export const NullableNumber = ({ description, ...limits }: { minimum: number; maximum: number; description: string }) =>
  Type.Union([Type.Number(limits), Type.Null()], { description });
