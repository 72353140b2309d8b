import { type Broker, type Connection, protocolErrorsCodesById } from '@platformatic/kafka';
import { StorageError } from '../../storage/storage-error.ts';
import type { LogPosition, LogRange, LogRecord, LogSlice, PollLimits } from '../event-log.ts';
import { backOff } from './backoff.ts';
import { type DecodedBatches, decodeRecordBatches } from './decode-record-batches.ts';
import { type FetchedPartition, fetchFrom } from './fetch-request.ts';
import type { KafkaCluster, Leader } from './kafka-cluster.ts';
import type { KafkaConnections } from './kafka-connections.ts';
import { asStorageError, isRetriable, RETRIABLE_ERRORS } from './kafka-errors.ts';
import { EARLIEST, LATEST, listOffsets } from './list-offsets.ts';
import { SealMargin } from './seal-margin.ts';

/** One fetch waits no longer, so that a closed or moved partition is noticed; a poll goes on with the next one. */
const FETCH_WAIT_MS_MAX = 5_000;
/** With several brokers none may hold back what the others have, so each is asked often. */
const SHARED_WAIT_MS = 100;
/** How long a poll or a page tries when no partition can be read at all. */
const UNREADABLE_MS_MAX = 10_000;
/** How long a log has to end before what was read of it until it counts as another one. */
const LOST_AFTER_MS = 3_000;
const PAGE_BYTES_MAX = 4 * 1024 * 1024;
/** Even a small fetch should take several batches. */
const FETCH_BYTES_MIN = 16 * 1024;

type ConnectionTo = (broker: Broker) => Promise<Connection>;

/** One partition's answer in one round; null where it could not be read and will be asked again. */
type Outcome = LogSlice | null;

/** What the fetches of one round share: how much may still be decoded, and why something could not be read. */
interface Round {
  bytesLeft: number;
  readonly failures: unknown[];
}

/** Stateless reads: every call says from where. What is remembered is only how well the data compresses. */
export class KafkaReader {
  readonly #cluster: KafkaCluster;
  readonly #connections: KafkaConnections;
  /** Bytes after decompression per byte on the wire; smoothed. Turns the caller's bound into a fetch's bound. */
  #expansion = 1;
  readonly #margin = new SealMargin();
  /** Since when a partition, by topic and number, has ended before what was to be read. */
  readonly #lostSinceMs = new Map<string, number>();
  #rotation = 0;

  constructor(cluster: KafkaCluster, connections: KafkaConnections) {
    this.#cluster = cluster;
    this.#connections = connections;
  }

  async poll(wanted: readonly LogPosition[], limits: PollLimits): Promise<readonly LogSlice[]> {
    if (wanted.length === 0) return [];
    return this.#connections.withPollPool((connectionTo) => this.#pollOn(connectionTo, wanted, limits));
  }

  /**
   * One page of a range; loops over offsets that no reader sees, so that it is empty only at the end.
   *
   * A leader that was elected just now gives nothing beyond what it knows to be acknowledged, and it learns that from
   * its followers, by default within half a second. The rest is waited for: who took that for the end would begin
   * without the newest records, such as the halves of calls that wait.
   */
  async readRange({ topic, partition, from, to }: LogRange): Promise<readonly LogRecord[]> {
    const giveUp = new Deadline(UNREADABLE_MS_MAX);
    for (let offset = from, attempt = 0; offset < to; ) {
      const slice = await this.#page({ topic, partition, offset }, giveUp);
      const records = [...(slice?.records ?? [])].filter((record) => record.offset < to);
      if (records.length > 0) return records;
      if (slice != null && slice.nextOffset > offset) {
        offset = slice.nextOffset;
        continue;
      }
      if (slice != null && giveUp.leftMs() === 0) throw await this.#endsBefore(to, slice);
      this.#cluster.markStale(topic);
      await backOff(attempt++, this.#connections.closed);
    }
    return [];
  }

  async #page(position: LogPosition, giveUp: Deadline): Promise<Outcome | undefined> {
    const connectionTo: ConnectionTo = (broker) => this.#connections.forControl(broker);
    const [slice] = await this.#round(connectionTo, [position], { bytesMax: PAGE_BYTES_MAX, waitMs: 0 }, giveUp);
    return slice;
  }

  /** Why a range cannot be read to its end. @throws {StorageError} `corrupt` where the log does not reach so far. */
  async #endsBefore(to: number, { topic, partition, nextOffset }: LogSlice): Promise<StorageError> {
    // A leader tells an offset that it has and does not give yet from one that it does not have.
    await this.#page({ topic, partition, offset: to }, new Deadline(0));
    const message = `${topic}/${partition} was to be read up to ${to}, and its leader gives nothing from ${nextOffset} on yet`;
    return new StorageError('unavailable', `${message}. Check that the brokers with its replicas run`);
  }

  async #pollOn(
    connectionTo: ConnectionTo,
    wanted: readonly LogPosition[],
    limits: PollLimits,
  ): Promise<readonly LogSlice[]> {
    const deadline = new Deadline(limits.waitMs);
    const giveUp = new Deadline(Math.max(limits.waitMs, UNREADABLE_MS_MAX));
    const brokerCount = new Set((await this.#leaders(wanted)).map((leader) => leader?.id)).size;
    // Where several brokers lead, the first look does not wait: what one has must not be held back by the others.
    let waitMs = brokerCount > 1 ? 0 : FETCH_WAIT_MS_MAX;
    const longestMs = brokerCount > 1 ? SHARED_WAIT_MS : FETCH_WAIT_MS_MAX;
    for (let failed = 0; ; waitMs = longestMs) {
      const bounded = { bytesMax: limits.bytesMax, waitMs: Math.min(waitMs, deadline.leftMs()) };
      const slices = (await this.#round(connectionTo, wanted, bounded, giveUp)).filter((slice) => slice !== null);
      const isMoving = slices.some((slice) => slice.nextOffset !== positionOf(slice, wanted)?.offset);
      if (isMoving || (slices.length > 0 && deadline.leftMs() === 0)) return slices;
      if (slices.length < wanted.length) await backOff(failed++, this.#connections.closed);
    }
  }

  /**
   * One fetch from each leader. @throws {StorageError} for what does not pass, and where nothing could be read
   * after the deadline.
   */
  async #round(
    connectionTo: ConnectionTo,
    wanted: readonly LogPosition[],
    limits: PollLimits,
    giveUp: Deadline,
  ): Promise<readonly Outcome[]> {
    this.#connections.checkOpen();
    const leaders = await this.#leaders(wanted);
    const groups = Map.groupBy(this.#rotated(wanted), (position) => leaders[wanted.indexOf(position)]?.id ?? -1);
    const round: Round = { bytesLeft: limits.bytesMax, failures: [] };
    const outcomes = await Promise.all(
      [...groups].map(async ([, group]) => {
        const leader = leaders[wanted.indexOf(group[0] as LogPosition)];
        try {
          if (leader == null) throw new StorageError('unavailable', 'A partition has no leader now');
          return await this.#fetchGroup(await connectionTo(leader), group, limits, round);
        } catch (error) {
          // The topic may have a new leader, or the broker a new address.
          for (const { topic } of group) this.#cluster.markStale(topic);
          if (!isRetriable(error)) throw error;
          round.failures.push(error);
          return [];
        }
      }),
    ).catch((error: unknown) => {
      this.#connections.checkOpen();
      throw asStorageError(error, 'Reading events');
    });
    const slices = outcomes.flat();
    if (slices.every((slice) => slice === null) && giveUp.leftMs() === 0) {
      throw asStorageError(round.failures[0] ?? new Error('no leader takes requests'), 'Reading events');
    }
    return slices;
  }

  async #fetchGroup(
    connection: Connection,
    group: readonly LogPosition[],
    limits: PollLimits,
    round: Round,
  ): Promise<readonly Outcome[]> {
    const bytesMax = Math.max(FETCH_BYTES_MIN, Math.ceil(limits.bytesMax / this.#expansion));
    const fetchedAtMs = Date.now();
    const fetched = await fetchFrom(connection, group, { waitMs: limits.waitMs, bytesMax });
    return Promise.all(
      fetched.map(async (part): Promise<Outcome> => {
        const position = positionOf(part, group);
        if (position === undefined) return null;
        if (part.errorCode !== 0) return this.#explain(part.errorCode, position, round);
        return this.#slice(part, position, fetchedAtMs, round);
      }),
    );
  }

  #slice(part: FetchedPartition, position: LogPosition, fetchedAtMs: number, round: Round): LogSlice {
    const { topic, partition, offset } = position;
    const decoded = decodeRecordBatches(part.batches, {
      from: offset,
      bytesMax: round.bytesLeft,
      aborted: part.aborted,
    });
    round.bytesLeft -= decoded.recordBytes;
    this.#learnExpansion(decoded);
    const key = keyOf(position);
    this.#lostSinceMs.delete(key);
    const stampMs = decoded.stampMsFrom(this.#margin.sealedOffset(key));
    if (stampMs !== null) this.#margin.saw(key, stampMs);
    const endOffset = Math.max(part.lastStableOffset, decoded.nextOffset);
    return {
      topic,
      partition,
      records: decoded.records,
      nextOffset: decoded.nextOffset,
      endOffset,
      sealedThroughMs: decoded.nextOffset >= endOffset ? this.#margin.seal(key, { fetchedAtMs, endOffset }) : null,
    };
  }

  /** Null where it passes. @throws {StorageError} where it does not. */
  async #explain(errorCode: number, position: LogPosition, round: Round): Promise<Outcome> {
    const id = protocolErrorsCodesById[errorCode] ?? 'UNKNOWN_SERVER_ERROR';
    if (id === 'OFFSET_OUT_OF_RANGE') return this.#outOfRange(position, round);
    this.#cluster.markStale(position.topic);
    if (!RETRIABLE_ERRORS.has(id))
      throw asStorageError({ apiId: id }, `Reading ${position.topic}/${position.partition}`);
    round.failures.push({ apiId: id });
    return null;
  }

  /**
   * Retention has dropped the offset: an empty slice that leads to the oldest record kept. Null where the log ends
   * before it: a broker that stood still while another one was elected calls itself the leader until it hears of that.
   *
   * @throws {StorageError} `corrupt` where that does not pass
   */
  async #outOfRange(position: LogPosition, round: Round): Promise<Outcome> {
    const { topic, partition, offset } = position;
    const ask = (atMs: number) =>
      listOffsets({ cluster: this.#cluster, connections: this.#connections }, { topic, partitions: [partition], atMs });
    const [earliest, latest] = await Promise.all([ask(EARLIEST), ask(LATEST)]);
    const [start, endOffset] = [earliest.get(partition) ?? 0, latest.get(partition) ?? 0];
    if (offset <= endOffset)
      return { topic, partition, records: [], nextOffset: Math.max(start, offset), endOffset, sealedThroughMs: null };
    const message = `${topic}/${partition} ends at ${endOffset}, but ${offset} was to be read: the log lost records, or the topic was made anew`;
    const error = new StorageError('corrupt', `${message}. Restore it, or reset the processor's positions`);
    if (this.#lostForMs(position) >= LOST_AFTER_MS) throw error;
    this.#cluster.markStale(topic);
    round.failures.push(error);
    return null;
  }

  #lostForMs(position: LogPosition): number {
    const key = keyOf(position);
    const nowMs = performance.now();
    const sinceMs = this.#lostSinceMs.get(key) ?? nowMs;
    this.#lostSinceMs.set(key, sinceMs);
    return nowMs - sinceMs;
  }

  /** A broker fills its answer in the order of the request: whoever comes first changes, so that nobody starves. */
  #rotated(wanted: readonly LogPosition[]): readonly LogPosition[] {
    const first = this.#rotation++ % wanted.length;
    return first === 0 ? wanted : [...wanted.slice(first), ...wanted.slice(0, first)];
  }

  #learnExpansion({ recordBytes, wireBytes }: DecodedBatches): void {
    if (recordBytes === 0 || wireBytes === 0) return;
    const seen = Math.max(1, recordBytes / wireBytes);
    this.#expansion += (seen - this.#expansion) * 0.2;
  }

  #leaders(wanted: readonly LogPosition[]): Promise<readonly (Leader | null)[]> {
    return Promise.all(wanted.map(({ topic, partition }) => this.#cluster.leaderOf(topic, partition)));
  }
}

class Deadline {
  readonly #atMs: number;

  constructor(inMs: number) {
    this.#atMs = performance.now() + inMs;
  }

  /** Whole ms, 0 when it has passed. */
  leftMs(): number {
    return Math.max(0, Math.ceil(this.#atMs - performance.now()));
  }
}

function keyOf({ topic, partition }: Pick<LogPosition, 'topic' | 'partition'>): string {
  return `${topic} ${partition}`;
}

function positionOf(
  part: { readonly topic: string; readonly partition: number },
  wanted: readonly LogPosition[],
): LogPosition | undefined {
  return wanted.find((position) => position.topic === part.topic && position.partition === part.partition);
}
