import { METADATA_BYTES_MAX } from '../events/fields.ts';
import type { Report } from './report.ts';

type Metadata = Record<string, unknown>;

/**
 * What applications attached to the reports of one call; of those that have a key the first wins. Values that would
 * take it past the limit of an event are left out.
 */
export function mergeMetadata(members: readonly Report[], extra: Readonly<Record<string, string | null>>) {
  const entries = new Map<string, unknown>();
  for (const { metadata } of members) {
    for (const [key, value] of Object.entries(metadata ?? {})) if (!entries.has(key)) entries.set(key, value);
  }
  for (const [key, value] of Object.entries(extra)) if (value !== null && !entries.has(key)) entries.set(key, value);
  return entries.size === 0 ? null : withinLimit(entries);
}

function withinLimit(entries: ReadonlyMap<string, unknown>): Metadata {
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

const ASCII = /^[\0-\x7f]*$/;
const ENCODER = new TextEncoder();

function bytesOf(text: string): number {
  return ASCII.test(text) ? text.length : ENCODER.encode(text).length;
}
