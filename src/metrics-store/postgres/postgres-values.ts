import pg from 'pg';
import { storableText } from '../storable-text.ts';

/** How values cross the wire. */

export type SqlValue = number | bigint | string | boolean | Uint8Array | null | readonly (number | string)[];
export type SqlRow = readonly unknown[];

const INT8 = 20;
const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;
const INT8_ARRAY = 1016;
const JSON_TEXT = 114;

/**
 * Results as: int8 → number, numeric → bigint (all of ours are whole), timestamptz → ms, int8[] and json as their text.
 */
export const RESULT_TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    if (oid === NUMERIC) return BigInt;
    if (oid === TIMESTAMPTZ) return parseInstantMs;
    if (oid === INT8_ARRAY || oid === JSON_TEXT) return String;
    return pgParser(oid, format);
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** pg declares the known types as an enum, and takes any. */
const pgParser = pg.types.getTypeParser as (oid: number, format?: 'text' | 'binary') => (text: string) => unknown;
const parseDate = pgParser(TIMESTAMPTZ) as (text: string) => Date;
const parseInstantMs = (text: string): number => parseDate(text).getTime();

/** Instants beyond year 9999 are later than anything: Postgres does not read the form that JavaScript writes. */
const INSTANT_MS_MAX = Date.UTC(9999, 11, 31);

export function instant(atMs: number): string {
  return new Date(Math.min(Math.max(atMs, 0), INSTANT_MS_MAX)).toISOString();
}

/** Postgres refuses U+0000 in any text, also in a question. */
export function toParameter(value: SqlValue): unknown {
  if (typeof value === 'string') return storableText(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map((element: number | string) => toParameter(element));
  return value;
}
