import { compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka';
import { StorageError } from '../../storage/storage-error.ts';
import type { LogRecord } from '../event-log.ts';
import * as batch from './record-batch.ts';

export interface DecodeOptions {
  /** Records below are skipped: a broker gives whole batches, which may begin earlier. */
  readonly from: number;
  /** Decoding stops after the batch with which the records' bytes reach this. */
  readonly bytesMax: number;
  /** Transactions that were aborted, as the fetch response lists them; their records are skipped. */
  readonly aborted?: readonly AbortedTransaction[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface DecodedBatches {
  /**
   * Decoded as they are asked for: whoever lets each go before the next leaves nearly nothing to the garbage collector.
   */
  readonly records: Iterable<LogRecord>;
  /** After the last batch that was decoded; `from` where there was none. */
  readonly nextOffset: number;
  /** Uncompressed, of the batches that were decoded. */
  readonly recordBytes: number;
  /** How many bytes those batches had as they were sent. */
  readonly wireBytes: number;
  /**
   * When the first batch from `offset` on was stamped (its newest record, where senders stamp); null where there is no
   * such batch with records.
   */
  readonly stampMsFrom: (offset: number) => number | null;
}

/**
 * The records of one partition's part of a fetch response. Keys and values are views into `bytes` (or into the
 * decompressed batch), not copies. A batch cut off at the end, which brokers may send, is left out.
 *
 * @throws {StorageError} `corrupt` where a batch does not match its checksum or cannot be read.
 */
export function decodeRecordBatches(bytes: Buffer, options: DecodeOptions): DecodedBatches {
  const sections: Section[] = [];
  const aborts = new AbortFilter(options.aborted ?? []);
  let nextOffset = options.from;
  let recordBytes = 0;
  let at = 0;
  while (at + batch.PREFIX_BYTES <= bytes.length && recordBytes < options.bytesMax) {
    const end = at + batch.PREFIX_BYTES + bytes.readInt32BE(at + batch.LENGTH_AT);
    if (end > bytes.length) break;
    const one = bytes.subarray(at, end);
    checkBatch(one);
    const lastOffset = readOffset(one, 0) + one.readInt32BE(batch.LAST_OFFSET_DELTA_AT);
    if (lastOffset >= options.from) {
      const records = aborts.hides(one, lastOffset) ? null : recordsSection(one);
      if (records !== null) sections.push({ batch: one, records });
      recordBytes += records?.length ?? 0;
      nextOffset = lastOffset + 1;
    }
    at = end;
  }
  return {
    records: { [Symbol.iterator]: () => recordsOf(sections, options.from) },
    nextOffset,
    recordBytes,
    wireBytes: at,
    stampMsFrom: (offset) => {
      const first = sections.find((section) => readOffset(section.batch, 0) >= offset);
      return first === undefined ? null : readOffset(first.batch, batch.MAX_TIMESTAMP_AT);
    },
  };
}

function checkBatch(one: Buffer): void {
  const magic = one[batch.MAGIC_AT];
  // Older formats disappeared from brokers' disks with Kafka 4, and from producers long before.
  if (magic !== batch.MAGIC) throw new StorageError('corrupt', `A record batch has the unknown format ${magic}`);
  if (crc32c(one.subarray(batch.ATTRIBUTES_AT)) !== one.readUInt32BE(batch.CRC_AT)) {
    throw new StorageError('corrupt', `The batch at offset ${readOffset(one, 0)} does not match its checksum`);
  }
}

function recordsSection(one: Buffer): Buffer {
  const section = one.subarray(batch.RECORDS_AT);
  const kind = one.readInt16BE(batch.ATTRIBUTES_AT) & batch.COMPRESSION_MASK;
  if (kind === 0) return section;
  const algorithm = compressionsAlgorithmsByBitmask[kind];
  if (algorithm === undefined) throw new StorageError('corrupt', `A record batch has the unknown compression ${kind}`);
  try {
    return algorithm.decompressSync(section);
  } catch (cause) {
    throw new StorageError('corrupt', `The batch at offset ${readOffset(one, 0)} cannot be decompressed`, { cause });
  }
}

interface Section {
  readonly batch: Buffer;
  /** Decompressed. */
  readonly records: Buffer;
}

function* recordsOf(sections: readonly Section[], from: number): Generator<LogRecord, void> {
  for (const section of sections) yield* decodeRecords(section, from);
}

/** The loop keeps everything in locals: it runs for each record read. */
function* decodeRecords({ batch: one, records }: Section, from: number): Generator<LogRecord, void> {
  const baseOffset = readOffset(one, 0);
  const isLogAppendTime = (one.readInt16BE(batch.ATTRIBUTES_AT) & batch.LOG_APPEND_TIME_BIT) !== 0;
  const baseMs = readOffset(one, batch.BASE_TIMESTAMP_AT);
  // With LogAppendTime the broker stamps the batch, in this field, and leaves the deltas as the sender wrote them.
  const stampMs = readOffset(one, batch.MAX_TIMESTAMP_AT);
  const count = one.readInt32BE(batch.RECORD_COUNT_AT);
  const cursor = new Cursor(records);
  for (let i = 0; i < count; i++) {
    const recordLength = cursor.varint();
    const end = cursor.at + recordLength;
    cursor.at += 1; // The record's attributes, which Kafka does not use.
    const timestampDelta = cursor.varint();
    const offset = baseOffset + cursor.varint();
    const key = cursor.bytes();
    const value = cursor.bytes();
    if (end > records.length || recordLength < 0) {
      throw new StorageError('corrupt', `The record at offset ${offset} is longer than its batch`);
    }
    const headerCount = cursor.varint();
    let senderTenant: Buffer | null = null;
    let traceparent: Buffer | null = null;
    // Most records have none, and nothing else is done for them.
    if (headerCount > 0) {
      // Other producers' headers are skipped, and nobody else's tenant is in ours.
      const headersAt = cursor.at;
      const tenant = cursor.headerNamed(batch.SENDER_TENANT_HEADER, headerCount, end);
      if (tenant !== null && mayBeTenant(tenant)) senderTenant = tenant;
      if (headerCount > (senderTenant === null ? 0 : 1)) {
        cursor.at = headersAt;
        traceparent = cursor.headerNamed(batch.TRACEPARENT_HEADER, headerCount, end);
      }
    }
    cursor.at = end;
    const loggedAtMs = isLogAppendTime ? stampMs : baseMs + timestampDelta;
    if (offset < from) continue;
    const record = { offset, loggedAtMs, key, value, senderTenant };
    yield traceparent === null
      ? record
      : { ...record, traceparent: traceparent.toString('latin1', 0, TRACEPARENT_MAX) };
  }
}

class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A zigzag varint. Beyond 28 bits it goes on in floating point, exact up to 2^53, enough for ms and lengths. */
  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? 0;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Null where the length is -1. */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at = start + length;
    return this.#bytes.subarray(start, this.at);
  }

  /** The value of the last of the headers with this name; null where there is none. */
  headerNamed(name: Buffer, headerCount: number, end: number): Buffer | null {
    let found: Buffer | null = null;
    for (let left = headerCount; left > 0 && this.at < end; left--) {
      const key = this.bytes();
      const value = this.bytes();
      if (key !== null && this.at <= end && key.equals(name)) found = value;
    }
    return found;
  }
}

/** One of a later version of W3C Trace Context may be longer, by what nobody here reads. */
const TRACEPARENT_MAX = 64;

/** Whether the bytes are a tenant's name by `events/fields.ts`: 1 to 255 characters, none of them U+0000. */
function mayBeTenant(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.length <= 3 * 255 && !bytes.includes(0);
}

/** Follows which producers' open transaction turned out to be aborted, as Kafka's `CompletedFetch` does. */
class AbortFilter {
  readonly #upcoming: AbortedTransaction[];
  readonly #abortedProducers = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#upcoming = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  }

  /** Whether no reader sees the batch: a transaction marker, or records of an aborted transaction. */
  hides(one: Buffer, lastOffset: number): boolean {
    const attributes = one.readInt16BE(batch.ATTRIBUTES_AT);
    const isControl = (attributes & batch.CONTROL_BIT) !== 0;
    if (this.#upcoming.length === 0 && this.#abortedProducers.size === 0) return isControl;
    while ((this.#upcoming[0]?.firstOffset ?? Infinity) <= lastOffset) {
      this.#abortedProducers.add(this.#upcoming.shift()?.producerId ?? -1n);
    }
    const producerId = one.readBigInt64BE(batch.PRODUCER_ID_AT);
    // A marker ends the transaction, whichever kind it is: the producer's next records are of another one.
    if (isControl) this.#abortedProducers.delete(producerId);
    return isControl || ((attributes & batch.TRANSACTIONAL_BIT) !== 0 && this.#abortedProducers.has(producerId));
  }
}

/** An i64 that is an offset or a time in ms, so it fits a number. */
function readOffset(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
