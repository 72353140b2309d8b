import type { NewRecord } from '../event-log/event-log.ts';
import { Turns } from './turns.ts';

/** Records on their way between threads: 100,000 small buffers and texts would be cloned one by one. */
export interface PackedRecords {
  readonly topics: readonly NewRecord['topic'][];
  /** By its place in `topics`. */
  readonly topicOf: Uint8Array;
  readonly senderTenant: string | null;
  /** The key and the value of each, one after the other. */
  readonly bytes: Uint8Array;
  /** Where each key ends, and each value. */
  readonly ends: Uint32Array;
}

/** @param records all of one sender */
export function packRecords(records: readonly NewRecord[]): PackedRecords {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const topicOf = new Uint8Array(records.length);
  const ends = new Uint32Array(2 * records.length);
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [i, { topic, key, value }] of records.entries()) {
    const keyBytes = Buffer.from(key);
    topicOf[i] = topics.indexOf(topic);
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
  return { topics, topicOf, senderTenant: records[0]?.senderTenant ?? null, bytes, ends };
}

/** In turns, for 100,000 records take longer than one may. */
export async function unpackRecords({
  topics,
  topicOf,
  senderTenant,
  bytes: packed,
  ends,
}: PackedRecords): Promise<NewRecord[]> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const records: NewRecord[] = [];
  const turns = new Turns();
  for (let i = 0, start = 0; i < topicOf.length; i++) {
    const keyEnd = ends[2 * i] ?? start;
    const valueEnd = ends[2 * i + 1] ?? keyEnd;
    const topic = topics[topicOf[i] ?? 0];
    if (topic === undefined) break;
    const key = bytes.toString('utf8', start, keyEnd);
    records.push({ topic, key, senderTenant, value: bytes.subarray(keyEnd, valueEnd) });
    start = valueEnd;
    if (turns.isOver()) await turns.next();
  }
  return records;
}
