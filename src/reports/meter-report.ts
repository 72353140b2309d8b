import { type Static, Type } from 'typebox';
import { TEXT_PATTERN } from '../events/fields.ts';
import { METER_PARTS, type MeterPart } from '../events/meter-part.ts';

/** More than any sender counts in the life of a process; sums of millions of such stay exact. */
export const METER_VALUE_MAX = 1e15;

const Nanos = Type.String({ pattern: '^(0|[1-9]\\d{0,18})$' });

/**
 * One state of one series, as a witness: repeated, out of order or through another process it is the same.
 *
 * - cumulative: `value` is what the series has come to at `at`. `stream` names the series and its start, so that a
 *   counter that begins anew is another one
 * - delta: `value` is what was added between `start` and `at`, which together with `stream` say which addition it is
 */
export const MeterPoint = Type.Object({
  stream: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  part: Type.Unsafe<MeterPart>({ type: 'string', enum: [...METER_PARTS] }),
  /** Of several metrics that count the same tokens the one with the least is believed. */
  precedence: Type.Integer({ minimum: 0, maximum: 9 }),
  /** Ns since the epoch. Absent for a cumulative series. */
  start: Type.Optional(Nanos),
  /** Ns since the epoch. */
  at: Nanos,
  value: Type.Integer({ minimum: 0, maximum: METER_VALUE_MAX }),
});
export type MeterPoint = Static<typeof MeterPoint>;

/** How many points one record holds: so it stays below what an event may take. */
export const METER_POINTS_MAX = 200;

/**
 * What the metrics of one sender say that it used, as it lies on `llm.reports` beside what its spans and log records
 * say. It is never added to calls: it tells how much of what was used was seen as calls.
 */
export const MeterReport = Type.Object({
  kind: Type.Literal('meter'),
  /** The tenant of the API key that it came with; '' without keys. */
  sender: Type.String({ maxLength: 255, pattern: TEXT_PATTERN }),
  /** The tenant that the metric or its resource names. */
  tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN })),
  /** Who used it: the coding agent, or else the service. */
  service: Type.String({ minLength: 1, maxLength: 255, pattern: TEXT_PATTERN }),
  /** Of a coding agent; '' where the metric names none. */
  session: Type.String({ maxLength: 255, pattern: TEXT_PATTERN }),
  scope: Type.String({ maxLength: 255, pattern: TEXT_PATTERN }),
  points: Type.Array(MeterPoint, { minItems: 1, maxItems: METER_POINTS_MAX }),
});
export type MeterReport = Static<typeof MeterReport>;
