import type { Topic } from '../../events/topics.ts';
import type { LogRecord, NewRecord } from '../event-log.ts';

/**
 * Records of one topic that share a row and a time stamp, as a Kafka record batch does. A row per record would cost
 * SQLite some 2.5 µs each way; a row per block costs next to nothing per record.
 *
 *     (keyBytes: u32, valueBytes: u32, senderBytes: u16, key, value, sender, traceparent?)*    little-endian
 *
 * The sender is the tenant of its API key, and empty where it has none. Tenants are short, so the highest bit of their
 * length is free to say that 55 bytes of W3C Trace Context follow.
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
const TRACED_BIT = 0x80_00;
const TRACEPARENT_BYTES = 55;

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
    const sender = view.getUint16(at + 8, true);
    const senderBytes = sender & ~TRACED_BIT;
    const keyAt = at + HEADER_BYTES;
    const valueAt = keyAt + keyBytes;
    const senderAt = valueAt + valueBytes;
    const traceparentAt = senderAt + senderBytes;
    at = traceparentAt + (sender === senderBytes ? 0 : TRACEPARENT_BYTES);
    if (at > byteLength) throw new RangeError('A block of the log ends inside a record');
    const record = {
      offset: block.firstOffset + records.length,
      loggedAtMs: block.loggedAtMs,
      key: block.body.subarray(keyAt, valueAt),
      value: block.body.subarray(valueAt, senderAt),
      senderTenant: senderBytes === 0 ? null : block.body.subarray(senderAt, traceparentAt),
    };
    records.push(at === traceparentAt ? record : { ...record, traceparent: ascii(block.body, traceparentAt, at) });
  }
  return records;
}

/** The body of a block as the release 0.1.0 wrote it: `(keyBytes: u32, valueBytes: u32, key, value)*`. */
export function upgradeBlockBody(old: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(old.buffer, old.byteOffset, old.byteLength);
  const records: Pick<LogRecord, 'key' | 'value' | 'senderTenant'>[] = [];
  for (let at = 0; at < old.length; ) {
    const valueAt = at + 8 + view.getUint32(at, true);
    const end = valueAt + view.getUint32(at + 4, true);
    if (end > old.length) throw new RangeError('A block of the log ends inside a record');
    records.push({ key: old.subarray(at + 8, valueAt), value: old.subarray(valueAt, end), senderTenant: null });
    at = end;
  }
  return encodeBlockBody(records);
}

/** The body of a block of these records, as they were read. */
export function encodeBlockBody(
  records: readonly Pick<LogRecord, 'key' | 'value' | 'senderTenant' | 'traceparent'>[],
): Uint8Array<ArrayBuffer> {
  const nothing = new Uint8Array();
  const parts = records.flatMap(({ key, value, senderTenant, traceparent }) => {
    const head = Buffer.alloc(HEADER_BYTES);
    const senderBytes = senderTenant?.length ?? 0;
    head.writeUInt32LE(key?.length ?? 0, 0);
    head.writeUInt32LE(value?.length ?? 0, 4);
    head.writeUInt16LE(isKept(traceparent) ? senderBytes | TRACED_BIT : senderBytes, 8);
    const trace = isKept(traceparent) ? Buffer.from(traceparent, 'latin1') : nothing;
    return [head, key ?? nothing, value ?? nothing, senderTenant ?? nothing, trace];
  });
  return Buffer.concat(parts);
}

function ascii({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString('latin1');
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
  for (const { key, value, senderTenant, traceparent } of records) {
    bytes += HEADER_BYTES + Buffer.byteLength(key) + value.length + Buffer.byteLength(senderTenant ?? '');
    if (isKept(traceparent)) bytes += TRACEPARENT_BYTES;
  }
  const body = Buffer.from(new ArrayBuffer(bytes));
  let at = 0;
  for (const { key, value, senderTenant, traceparent } of records) {
    const valueAt = at + HEADER_BYTES + body.write(key, at + HEADER_BYTES);
    const senderAt = valueAt + value.length;
    const senderBytes = senderTenant ? body.write(senderTenant, senderAt) : 0;
    body.writeUInt32LE(valueAt - at - HEADER_BYTES, at);
    body.writeUInt32LE(value.length, at + 4);
    body.writeUInt16LE(isKept(traceparent) ? senderBytes | TRACED_BIT : senderBytes, at + 8);
    body.set(value, valueAt);
    at = senderAt + senderBytes;
    if (isKept(traceparent)) at += body.write(traceparent, at, 'latin1');
  }
  return { topic, recordCount: records.length, body };
}

/** That of version 00 always has this length. */
function isKept(traceparent: string | undefined): traceparent is string {
  return traceparent !== undefined && traceparent.length === TRACEPARENT_BYTES;
}
