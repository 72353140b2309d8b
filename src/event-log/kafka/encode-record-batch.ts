import { compressionsAlgorithms, crc32c } from '@platformatic/kafka';
import type { NewRecord } from '../event-log.ts';
import type { KafkaCompression } from './kafka-settings.ts';
import * as batch from './record-batch.ts';

/** Makes repeated sending harmless: the broker drops a sequence number that it has seen. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
  /** The number of records that this producer sent to the partition before. */
  readonly sequence: number;
}

export interface BatchOptions {
  readonly compression: KafkaCompression;
  readonly nowMs: number;
  /** Written before each value. */
  readonly valuePrefix?: Buffer | undefined;
}

/** One batch for one partition, stamped `nowMs`, which the broker replaces in topics with LogAppendTime. */
export function encodeRecordBatch(
  records: readonly NewRecord[],
  identity: ProducerIdentity,
  options: BatchOptions,
): Buffer {
  const plain = encodeRecords(records, options.valuePrefix ?? NO_PREFIX);
  const algorithm = compressionsAlgorithms[options.compression];
  const section = algorithm.bitmask === 0 ? plain : algorithm.compressSync(plain);
  const bytes = Buffer.allocUnsafe(batch.RECORDS_AT + section.length);
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - batch.PREFIX_BYTES, batch.LENGTH_AT);
  bytes.writeInt32BE(-1, batch.PREFIX_BYTES);
  bytes.writeInt8(batch.MAGIC, batch.MAGIC_AT);
  bytes.writeInt16BE(algorithm.bitmask, batch.ATTRIBUTES_AT);
  bytes.writeInt32BE(records.length - 1, batch.LAST_OFFSET_DELTA_AT);
  bytes.writeBigInt64BE(BigInt(options.nowMs), batch.BASE_TIMESTAMP_AT);
  bytes.writeBigInt64BE(BigInt(options.nowMs), batch.MAX_TIMESTAMP_AT);
  bytes.writeBigInt64BE(identity.producerId, batch.PRODUCER_ID_AT);
  bytes.writeInt16BE(identity.epoch, batch.PRODUCER_EPOCH_AT);
  bytes.writeInt32BE(identity.sequence, batch.BASE_SEQUENCE_AT);
  bytes.writeInt32BE(records.length, batch.RECORD_COUNT_AT);
  section.copy(bytes, batch.RECORDS_AT);
  bytes.writeUInt32BE(crc32c(bytes.subarray(batch.ATTRIBUTES_AT)), batch.CRC_AT);
  return bytes;
}

function encodeRecords(records: readonly NewRecord[], prefix: Buffer): Buffer {
  let bytesMax = records.length * prefix.length;
  for (const { key, value, senderTenant, traceparent } of records) {
    bytesMax += UTF8_BYTES_MAX * key.length + value.length + RECORD_OVERHEAD_MAX;
    if (senderTenant) bytesMax += UTF8_BYTES_MAX * senderTenant.length + HEADER_OVERHEAD_MAX;
    if (traceparent) bytesMax += UTF8_BYTES_MAX * traceparent.length + HEADER_OVERHEAD_MAX;
  }
  const bytes = Buffer.allocUnsafe(bytesMax);
  let at = 0;
  for (let i = 0; i < records.length; i++) {
    const { key, value, senderTenant, traceparent } = records[i] as NewRecord;
    const keyLength = isAscii(key) ? key.length : Buffer.byteLength(key);
    const valueLength = prefix.length + value.length;
    const lengths = varintLength(i) + varintLength(keyLength) + varintLength(valueLength);
    const headersLength = headerLength(SENDER_TENANT_NAME, senderTenant) + headerLength(TRACEPARENT_NAME, traceparent);
    at = writeVarint(bytes, at, FIXED_BODY_BYTES + lengths + keyLength + valueLength + headersLength);
    bytes[at++] = 0; // Attributes.
    bytes[at++] = 0; // Timestamp delta.
    at = writeVarint(bytes, at, i);
    at = writeVarint(bytes, at, keyLength);
    at += bytes.write(key, at);
    at = writeVarint(bytes, at, valueLength);
    at += prefix.copy(bytes, at);
    bytes.set(value, at);
    at += value.length;
    at = writeVarint(bytes, at, (senderTenant ? 1 : 0) + (traceparent ? 1 : 0));
    if (senderTenant) at = writeText(bytes, at + SENDER_TENANT_NAME.copy(bytes, at), senderTenant);
    if (traceparent) at = writeText(bytes, at + TRACEPARENT_NAME.copy(bytes, at), traceparent);
  }
  return bytes.subarray(0, at);
}

/** What a header takes; nothing where it is not there. */
function headerLength(name: Buffer, text: string | null | undefined): number {
  if (!text) return 0;
  const length = Buffer.byteLength(text);
  return name.length + varintLength(length) + length;
}

/** A header's name as it is written: its length before it. */
const SENDER_TENANT_NAME = named(batch.SENDER_TENANT_HEADER);
const TRACEPARENT_NAME = named(batch.TRACEPARENT_HEADER);
const NO_PREFIX = Buffer.alloc(0);

/** How many bytes of UTF-8 a UTF-16 unit takes at the most. */
const UTF8_BYTES_MAX = 3;
/** Five varints of at most five bytes, and what is fixed. */
const RECORD_OVERHEAD_MAX = 28;
/** Three varints and the longest name. */
const HEADER_OVERHEAD_MAX = 15 + batch.TRACEPARENT_HEADER.length;

function named(name: Buffer): Buffer {
  const bytes = Buffer.alloc(varintLength(name.length) + name.length);
  name.copy(bytes, writeVarint(bytes, 0, name.length));
  return bytes;
}

function isAscii(text: string): boolean {
  let seen = 0;
  for (let i = 0; i < text.length; i++) seen |= text.charCodeAt(i);
  return seen < 0x80;
}

/** Attributes, timestamp delta and the count of headers take a byte each. */
const FIXED_BODY_BYTES = 3;

/** How many bytes a number ≥ 0 and below 2^30 takes as a varint in zigzag form. */
function varintLength(value: number): number {
  let length = 1;
  for (let rest = value * 2; rest >= 0x80; rest >>>= 7) length++;
  return length;
}

function writeText(bytes: Buffer, start: number, text: string): number {
  const at = writeVarint(bytes, start, Buffer.byteLength(text));
  return at + bytes.write(text, at);
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value * 2;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
