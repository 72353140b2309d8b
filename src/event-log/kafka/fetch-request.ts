import { type Connection, createAPI, fetchV11, type Reader } from '@platformatic/kafka';
import type { AbortedTransaction } from './decode-record-batches.ts';

/** One partition to read, and where. */
export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchLimits {
  /** How long the broker may hold the answer back until there is something. */
  readonly waitMs: number;
  /**
   * How many bytes an answer holds at the most, compressed as they are. A broker gives one batch whole even where it is
   * larger.
   */
  readonly bytesMax: number;
}

/** What the broker says of one partition. The batches are not decoded yet. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The end for readers: records of transactions that are still open lie beyond. -1 together with an error. */
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly batches: Buffer;
}

/** Readers see no records of aborted or open transactions, so that any producer may write transactionally. */
const READ_COMMITTED = 1;

/** One fetch from one broker. Rejects with the library's errors where there is no answer. */
export async function fetchFrom(
  connection: Connection,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): Promise<readonly FetchedPartition[]> {
  const topics = Map.groupBy(positions, (position) => position.topic);
  const request = [...topics].map(([topic, wanted]) => ({
    topicId: topic, // Version 11 names topics; the library's field is called so for all versions.
    partitions: wanted.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: limits.bytesMax,
    })),
  }));
  // No fetch session (0, -1): it would save a few bytes a request, and make reading stateful.
  return rawFetchV11.async(connection, limits.waitMs, 1, limits.bytesMax, READ_COMMITTED, 0, -1, request, [], '');
}

/**
 * The library's request with our own parser, which leaves the batches as bytes. Version 11 (Kafka 2.3): the newest
 * with topic names and without flexible fields, spoken by Kafka up to 4.x and by Redpanda.
 */
const rawFetchV11 = createAPI<Parameters<typeof fetchV11.createRequest>, FetchedPartition[]>(
  1,
  11,
  fetchV11.createRequest,
  parseResponse,
  false,
  false,
);

function parseResponse(
  _correlationId: number,
  _apiKey: number,
  _apiVersion: number,
  reader: Reader,
): FetchedPartition[] {
  // One copy into contiguous memory where the response came in several chunks; everything after is views.
  const bytes = reader.buffer.slice(reader.position, reader.length);
  const cursor = new ResponseCursor(bytes);
  cursor.skip(4); // Throttle time: the broker delays the answer itself.
  const errorCode = cursor.int16();
  cursor.skip(4); // Session.
  const partitions: FetchedPartition[] = [];
  for (let topicCount = cursor.int32(); topicCount > 0; topicCount--) {
    const topic = cursor.string();
    for (let count = cursor.int32(); count > 0; count--) {
      const partition = cursor.int32();
      const partitionErrorCode = cursor.int16();
      cursor.skip(8); // High watermark.
      const lastStableOffset = cursor.int64();
      cursor.skip(8); // Log start offset.
      const aborted = cursor.abortedTransactions();
      cursor.skip(4); // Preferred read replica: we read from the leader.
      partitions.push({
        topic,
        partition,
        errorCode: errorCode === 0 ? partitionErrorCode : errorCode,
        lastStableOffset: Number(lastStableOffset),
        aborted,
        batches: cursor.nullableBytes(),
      });
    }
  }
  return partitions;
}

class ResponseCursor {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(length: number): void {
    this.#at += length;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  string(): string {
    const length = this.int16();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** Empty for null. */
  nullableBytes(): Buffer {
    const length = Math.max(0, this.int32());
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  abortedTransactions(): AbortedTransaction[] {
    const aborted: AbortedTransaction[] = [];
    for (let count = this.int32(); count > 0; count--) {
      aborted.push({ producerId: this.int64(), firstOffset: this.int64() });
    }
    return aborted;
  }
}
