import type { Topic } from '../../events/topics.ts';
import type { LogRecord, NewRecord } from '../event-log.ts';

/**
 * Records of one topic that share a row and a time stamp, as a Kafka record batch does. A row per record would cost
 * SQLite some 2.5 µs each way; a row per block costs next to nothing per record.
 *
 *     (keyBytes: u32, valueBytes: u32, senderBytes: u16, key, value, sender)*    little-endian
 *
 * The sender is the tenant of its API key, and empty where it has none.
 */
export interface Block {
  readonly topic: Topic;
  readonly recordCount: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A block ends at the first of these limits, so that a reader's page stays small. */
const BLOCK_BYTES_MAX = 1024 * 1024;
const BLOCK_RECORDS_MAX = 4096;
const HEADER_BYTES = 10;

/** Cuts records into blocks, keeping their order within each topic. */
export function encodeBlocks(records: readonly NewRecord[]): Block[] {
  const blocks: Block[] = [];
  for (const [topic, ofTopic] of byTopic(records)) {
    for (let from = 0; from < ofTopic.length; ) {
      const to = blockEnd(ofTopic, from);
      blocks.push(encodeBlock(topic, ofTopic.slice(from, to)));
      from = to;
    }
  }
  return blocks;
}

/** @throws {RangeError} when the body does not hold what it should: the file is damaged */
export function decodeBlock(block: {
  readonly body: Uint8Array;
  readonly firstOffset: number;
  readonly loggedAtMs: number;
}): LogRecord[] {
  const { buffer, byteOffset, byteLength } = block.body;
  const view = new DataView(buffer, byteOffset, byteLength);
  const records: LogRecord[] = [];
  let at = 0;
  while (at < byteLength) {
    const keyBytes = view.getUint32(at, true);
    const valueBytes = view.getUint32(at + 4, true);
    const senderBytes = view.getUint16(at + 8, true);
    const keyAt = at + HEADER_BYTES;
    const valueAt = keyAt + keyBytes;
    const senderAt = valueAt + valueBytes;
    at = senderAt + senderBytes;
    if (at > byteLength) throw new RangeError('A block of the log ends inside a record');
    records.push({
      offset: block.firstOffset + records.length,
      loggedAtMs: block.loggedAtMs,
      key: block.body.subarray(keyAt, valueAt),
      value: block.body.subarray(valueAt, senderAt),
      senderTenant: senderBytes === 0 ? null : block.body.subarray(senderAt, at),
    });
  }
  return records;
}

function byTopic(records: readonly NewRecord[]): Map<Topic, NewRecord[]> {
  const topics = new Map<Topic, NewRecord[]>();
  for (const record of records) {
    const ofTopic = topics.get(record.topic);
    if (ofTopic === undefined) topics.set(record.topic, [record]);
    else ofTopic.push(record);
  }
  return topics;
}

function blockEnd(records: readonly NewRecord[], from: number): number {
  let bytes = 0;
  let to = from;
  while (to < records.length && to - from < BLOCK_RECORDS_MAX && bytes < BLOCK_BYTES_MAX) {
    bytes += (records[to] as NewRecord).value.length + HEADER_BYTES;
    to++;
  }
  return to;
}

function encodeBlock(topic: Topic, records: readonly NewRecord[]): Block {
  let bytes = 0;
  for (const { key, value, senderTenant } of records) {
    bytes += HEADER_BYTES + Buffer.byteLength(key) + value.length + Buffer.byteLength(senderTenant ?? '');
  }
  const body = Buffer.from(new ArrayBuffer(bytes));
  let at = 0;
  for (const { key, value, senderTenant } of records) {
    const valueAt = at + HEADER_BYTES + body.write(key, at + HEADER_BYTES);
    const senderAt = valueAt + value.length;
    const senderBytes = senderTenant ? body.write(senderTenant, senderAt) : 0;
    body.writeUInt32LE(valueAt - at - HEADER_BYTES, at);
    body.writeUInt32LE(value.length, at + 4);
    body.writeUInt16LE(senderBytes, at + 8);
    body.set(value, valueAt);
    at = senderAt + senderBytes;
  }
  return { topic, recordCount: records.length, body };
}
