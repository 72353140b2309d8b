import type { InputTopic, Topic } from '../events/topics.ts';
import type { MetricSource } from '../exposition/metric-family.ts';

/**
 * The first port: an append-only log of events in topics and partitions, as Kafka has it.
 *
 * Three adapters pass one suite (`event-log.contract.ts`): memory, SQLite, Kafka. Reading is stateless: the
 * caller says from which offsets. So a crash of a reader, a replay and a second reader are nothing special.
 */
export interface EventLog {
  /**
   * Resolves once every record is durable, all or nothing per partition. The log, not the sender, stamps the time.
   *
   * @throws {StorageError} `unavailable`: nothing is known about the records; sending them again is safe
   *   because readers drop repeated ids. `full`: they were not taken.
   */
  append(records: readonly NewRecord[]): Promise<void>;

  /** How many partitions each input topic has. @throws {StorageError} `misconfigured` when the topics differ. */
  partitionCount(): Promise<number>;

  /**
   * What lies at the wanted offsets, as soon as there is something for one of them, at the latest after `waitMs`.
   * There is a slice for each partition that could be read, also where it has no records, so that a silent partition's
   * `endOffset` and `sealedThroughMs` are known. Never more than about `bytesMax` in total, so that a reader's memory
   * is bounded; but always a record where one is ready, however large it is.
   *
   * An offset that retention has dropped reads on from the oldest record kept.
   *
   * @throws {StorageError} `corrupt`: an offset lies beyond the end, so the log has lost records or is another one.
   */
  poll(wanted: readonly LogPosition[], limits: PollLimits): Promise<readonly LogSlice[]>;

  /**
   * One page of history, from `from` (inclusive) up to `to` (exclusive); empty only when nothing is left there. `to` is
   * no guess but an end that the log had once: what cannot be read up to there is never passed over.
   *
   * @throws {StorageError} `unavailable`: the rest cannot be read yet. `corrupt`: the log ends before `to`.
   */
  readRange(range: LogRange): Promise<readonly LogRecord[]>;

  /** The first offset stamped at or after `atMs`, or the end offset. */
  offsetAt(topic: InputTopic, partition: number, atMs: number): Promise<number>;

  /** For each partition of a topic: the oldest offset still kept, and the offset that the next record will get. */
  bounds(topic: Topic): Promise<readonly OffsetBounds[]>;

  /**
   * Joins the processors' group. Partitions are told to the listener, now and whenever they move: each call names only
   * those that came or went. A partition number stands for that partition of all input topics.
   */
  joinGroup(listener: GroupListener): Promise<GroupMember>;

  /** What it tells of itself to whoever watches this process. Absent where there is nothing to tell. */
  readonly metrics?: MetricSource;

  /** @throws {StorageError} when the log cannot be reached or written; the message says what to do. */
  checkHealth(): Promise<void>;

  close(): Promise<void>;
}

/** `key` decides the partition, for input topics it is the `request_id`. */
export interface NewRecord {
  readonly topic: Topic;
  readonly key: string;
  readonly value: Uint8Array;
  /** The tenant that the sender's API key belongs to. It is kept beside the value, where the sender cannot write. */
  readonly senderTenant?: string | null;
  /** The trace that it was sent in, as W3C Trace Context writes it; kept beside the value. */
  readonly traceparent?: string;
}

export interface LogRecord {
  readonly offset: number;
  /** When the log took the record, in ms since the epoch. Never falls within a partition, see `monotoneLogTime`. */
  readonly loggedAtMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The tenant of the sender's key, in UTF-8; null where the sender had no key, or one for all tenants. */
  readonly senderTenant: Uint8Array | null;
  /** Absent for nearly all: only records of sampled traces have one. Any producer may have written it. */
  readonly traceparent?: string;
}

export interface LogPosition {
  readonly topic: InputTopic;
  readonly partition: number;
  /** The offset to read next. */
  readonly offset: number;
}

export interface LogRange {
  readonly topic: InputTopic;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

export interface PollLimits {
  readonly bytesMax: number;
  readonly waitMs: number;
}

export interface LogSlice {
  readonly topic: InputTopic;
  readonly partition: number;
  /** In order. They may be decoded one at a time, as they are asked for; that throws what `poll` throws. */
  readonly records: Iterable<LogRecord>;
  /**
   * Where the next poll goes on. Not simply the offset after the last record: a Kafka log has offsets that no reader
   * sees (transaction markers, aborted records), and a slice may hold nothing else.
   */
  readonly nextOffset: number;
  /** The offset after the last record that the log held when it was read: `lag = endOffset - nextOffset`. */
  readonly endOffset: number;
  /**
   * Given where these records reach the end of the log: every record appended later will be stamped at or after
   * this instant. It lets the join's time go on while a topic is silent. Null where more records wait.
   */
  readonly sealedThroughMs: number | null;
}

export interface OffsetBounds {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

export interface GroupListener {
  onAssigned(partitions: readonly number[]): void;
  /** The member stops committing for these partitions before the promise resolves. */
  onRevoked(partitions: readonly number[]): Promise<void>;
  /** The membership broke for good; the process should end or join again. */
  onLost(cause: Error): void;
}

export interface GroupMember {
  /** Tells the group where this member is, only so that the usual lag tools show the truth. Best effort. */
  reportProgress(positions: readonly LogPosition[]): Promise<void>;
  /** The member has stopped its work before: it is not asked to revoke. The others get its partitions. */
  leave(): Promise<void>;
  /** Absent where no member can speak for another one. */
  readonly named?: NamedMember | undefined;
}

/** A member that the group knows by a name of its own, so that others can say what has become of it. */
export interface NamedMember {
  readonly id: string;
  /**
   * Tells the group that another member has ended, which would else wait until its session times out. One that lives
   * joins again; what it commits meanwhile counts, or is refused by the store.
   *
   * @throws {StorageError} where the group cannot be told now
   */
  expel(memberId: string): Promise<void>;
  /** The group may have changed: asks it now what is this member's, not first at the next beat. */
  hurry(): void;
}
