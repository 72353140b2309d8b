import { METADATA_BYTES_MAX } from '../events/fields.ts';
import type { Report } from './report.ts';

type Metadata = Record<string, unknown>;

/**
 * What applications attached to the reports of one call; of those that have a key the first wins. Values that would
 * take it past the limit of an event are left out.
 */
export function mergeMetadata(
  members: readonly Report[],
  extra: Readonly<Record<string, string | null>>,
): Metadata | null {
  const [only] = members;
  const small = members.length === 1 ? smallMetadata(only?.metadata, extra) : TOO_LARGE;
  if (small !== TOO_LARGE) return small;
  const entries = new Map<string, unknown>();
  for (const { metadata } of members) {
    for (const [key, value] of Object.entries(metadata ?? {})) if (!entries.has(key)) entries.set(key, value);
  }
  for (const [key, value] of Object.entries(extra)) if (value !== null && !entries.has(key)) entries.set(key, value);
  return entries.size === 0 ? null : withinLimit(entries);
}

const TOO_LARGE = Symbol('may be beyond the limit');

/** What nearly every call has: one report, whose texts and numbers are far below the limit. */
function smallMetadata(
  metadata: object | undefined,
  extra: Readonly<Record<string, string | null>>,
): Metadata | null | typeof TOO_LARGE {
  const merged: Metadata = {};
  let units = 0;
  for (const part of [metadata ?? NOTHING, extra] as readonly Metadata[]) {
    for (const key of Object.keys(part)) {
      const value = part[key];
      if (part === extra && (value === null || Object.hasOwn(merged, key))) continue;
      // Assigned, `__proto__` would change what the object is.
      if (key === '__proto__') return TOO_LARGE;
      units += unitsOf(key, value);
      merged[key] = value;
    }
  }
  if (units === 0) return null;
  return units * ESCAPED_UNIT_BYTES_MAX <= METADATA_BYTES_MAX ? merged : TOO_LARGE;
}

const NOTHING: Metadata = {};

function withinLimit(entries: ReadonlyMap<string, unknown>): Metadata {
  if (isSmall(entries)) return Object.fromEntries(entries);
  const kept: Metadata = {};
  // Two for the braces, and for each entry the quotes, colon and comma.
  let bytes = 2;
  for (const [key, value] of entries) {
    const entryBytes = bytesOf(JSON.stringify(key)) + bytesOf(JSON.stringify(value)) + 2;
    if (bytes + entryBytes > METADATA_BYTES_MAX) continue;
    bytes += entryBytes;
    // Assigned, `__proto__` would change what the object is instead of being kept in it.
    Object.defineProperty(kept, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return kept;
}

/** Whether it is within the limit however it is written: nearly all is, and then nothing has to be written. */
function isSmall(entries: ReadonlyMap<string, unknown>): boolean {
  let units = 0;
  for (const [key, value] of entries) {
    units += unitsOf(key, value);
  }
  return units * ESCAPED_UNIT_BYTES_MAX <= METADATA_BYTES_MAX;
}

/** Infinite for a value that is more than a text or a number. */
function unitsOf(key: string, value: unknown): number {
  if (typeof value === 'object' && value !== null) return Number.POSITIVE_INFINITY;
  return ENTRY_UNITS_MAX + key.length + (typeof value === 'string' ? value.length : 0);
}

/** Of a code unit of UTF-16 in JSON: such as `\\u0007`. */
const ESCAPED_UNIT_BYTES_MAX = 6;
/** Quotes, colon and comma, and a number or a word. */
const ENTRY_UNITS_MAX = 30;
const ASCII = /^[\0-\x7f]*$/;
const ENCODER = new TextEncoder();

function bytesOf(text: string): number {
  return ASCII.test(text) ? text.length : ENCODER.encode(text).length;
}
