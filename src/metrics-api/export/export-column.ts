/**
 * What a column holds, and how its values stand in a row of the program. Money and what is as exact stays whole: no
 * format writes it as a floating-point number.
 */
export type ColumnKind =
  /** A string. */
  | 'text'
  /** A string that is a JSON object. */
  | 'json'
  | 'boolean'
  /** A whole number that a `number` holds. */
  | 'integer'
  /** A measure that is no exact number to begin with: an average, a percentile. */
  | 'number'
  /** Ms since the epoch, as a `number`. */
  | 'instant'
  /** The same, of whole seconds: the bounds of windows. */
  | 'second'
  /** A `bigint` of 10^-12. */
  | 'decimal';

export interface ExportColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** For docs/export.md. */
  readonly about: string;
}

/** Plain, so that it comes from another thread; null: unknown, or there is none. */
export type ExportValue = string | number | bigint | boolean | null;

/** One value for each column. */
export type ExportRow = readonly ExportValue[];

/** Digits behind the point of a `decimal`. */
export const DECIMAL_SCALE = 12;

/** Pairs each column with how its value is made, so that the two cannot come apart. */
export interface DerivedColumn<Source> extends ExportColumn {
  readonly of: (source: Source) => ExportValue;
}

export function rowOf<Source>(columns: readonly DerivedColumn<Source>[], source: Source): ExportRow {
  return columns.map((column) => column.of(source));
}
