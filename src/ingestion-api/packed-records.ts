import type { NewRecord } from '../event-log/event-log.ts';
import { Turns } from './turns.ts';

/** Where records of one export go, and whose they are. */
type Head = Pick<NewRecord, 'topic' | 'senderTenant'>;

/** Records on their way between threads: 100,000 small buffers and texts would be cloned one by one. */
export interface PackedRecords {
  readonly heads: readonly Head[];
  /** By its place in `heads`. */
  readonly headOf: Uint16Array;
  /** The key and the value of each, one after the other. */
  readonly bytes: Uint8Array;
  /** Where each key ends, and each value. */
  readonly ends: Uint32Array;
}

/** @param records of one key, so of a few topics and tenants */
export function packRecords(records: readonly NewRecord[]): PackedRecords {
  const places = new Map<string, number>();
  const heads: Head[] = [];
  const headOf = new Uint16Array(records.length);
  const ends = new Uint32Array(2 * records.length);
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [i, { topic, senderTenant = null, key, value }] of records.entries()) {
    const name = `${topic} ${senderTenant === null ? '' : `=${senderTenant}`}`;
    let place = places.get(name);
    if (place === undefined) {
      place = heads.push({ topic, senderTenant }) - 1;
      places.set(name, place);
    }
    const keyBytes = Buffer.from(key);
    headOf[i] = place;
    ends[2 * i] = end += keyBytes.length;
    ends[2 * i + 1] = end += value.length;
    parts.push(keyBytes, value);
  }
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { heads, headOf, bytes, ends };
}

/** In turns, for 100,000 records take longer than one may. */
export async function unpackRecords({ heads, headOf, bytes: packed, ends }: PackedRecords): Promise<NewRecord[]> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const records: NewRecord[] = [];
  const turns = new Turns();
  for (let i = 0, start = 0; i < headOf.length; i++) {
    const keyEnd = ends[2 * i] ?? start;
    const valueEnd = ends[2 * i + 1] ?? keyEnd;
    const head = heads[headOf[i] ?? 0];
    if (head === undefined) break;
    const key = bytes.toString('utf8', start, keyEnd);
    records.push({ ...head, key, value: bytes.subarray(keyEnd, valueEnd) });
    start = valueEnd;
    if (turns.isOver()) await turns.next();
  }
  return records;
}
