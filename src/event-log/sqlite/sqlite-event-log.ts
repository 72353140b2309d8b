import { setImmediate as breath } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { InputTopic, Topic } from '../../events/topics.ts';
import type { MetricSource } from '../../exposition/metric-family.ts';
import { fileMetrics } from '../../sqlite/file-metrics.ts';
import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';
import { type Callable, CallableThread, callsTo, serveCalls, threadUrl } from '../../threads/thread-rpc.ts';
import type {
  EventLog,
  GroupListener,
  GroupMember,
  LogPosition,
  LogRange,
  LogRecord,
  LogSlice,
  NewRecord,
  OffsetBounds,
  PollLimits,
} from '../event-log.ts';
import { type Block, encodeBlocks } from './block-codec.ts';
import { LogClock, type SharedLogClock } from './log-clock.ts';
import { isErased, LogDatabase } from './log-database.ts';

export interface SqliteEventLogOptions {
  readonly path: string;
  /** Memory shared by all logs on this path in this process; from the first of them, see `LogClock`. */
  readonly clock?: SharedLogClock;
  /** The way to another log's append thread, see `openAppendPort`; a thread of its own without. */
  readonly appendPort?: MessagePort | undefined;
}

/** One page of `readRange`. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

/** The embedded log has one partition: one process does all the work, and a partition is a unit of sharing work. */
const PARTITION = 0;

/**
 * The embedded log: one SQLite file. Reads block the thread that calls them, so a log that polls belongs in a worker
 * thread; appends run in one of their own, which several logs of a process can share.
 */
export class SqliteEventLog implements EventLog {
  readonly clock: LogClock;
  readonly metrics: MetricSource;
  readonly #options: SqliteEventLogOptions;
  #isClosed = false;
  #reader: LogDatabase | null = null;
  /** That of another log, or null. */
  readonly #sharedAppender: Callable | null;
  /** Ends of ports by which other logs append. */
  readonly #served: MessagePort[] = [];
  #ownAppender: Promise<CallableThread> | null = null;

  constructor(options: SqliteEventLogOptions) {
    this.#options = options;
    this.clock = new LogClock(options.clock);
    this.metrics = fileMetrics(options.path, 'events');
    this.#sharedAppender = options.appendPort === undefined ? null : callsTo(options.appendPort);
  }

  /** For a log in another thread of this process, so that one thread does the appends of both. */
  openAppendPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    serveCalls(
      {
        append: (blocks: readonly Block[]) => this.#appendBlocks(blocks),
        checkWritable: () => this.checkHealth(),
      },
      port2,
    );
    this.#served.push(port2);
    return port1;
  }

  async append(records: readonly NewRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#appendBlocks(encodeBlocks(records));
  }

  async partitionCount(): Promise<number> {
    return 1;
  }

  async poll(wanted: readonly LogPosition[], limits: PollLimits): Promise<readonly LogSlice[]> {
    // A backlog is read, folded and committed without waiting for anything: who asks this thread must get a turn.
    await breath();
    const seenCount = this.clock.appendCount;
    const slices = this.#read(wanted, limits.bytesMax);
    if (limits.waitMs <= 0 || slices.some((slice, i) => slice.endOffset > (wanted[i]?.offset ?? 0))) {
      return slices;
    }
    await this.clock.waitForAppend(seenCount, limits.waitMs);
    return this.#read(wanted, limits.bytesMax);
  }

  async readRange({ topic, from, to }: LogRange): Promise<readonly LogRecord[]> {
    await breath();
    checkWithin(topic, to, this.#database().endOffset(topic));
    return this.#database().read(topic, { from, to }, PAGE_BYTES_MAX);
  }

  async offsetAt(topic: InputTopic, _partition: number, atMs: number): Promise<number> {
    return this.#database().offsetAt(topic, atMs);
  }

  async bounds(topic: Topic): Promise<readonly OffsetBounds[]> {
    const database = this.#database();
    return [{ partition: PARTITION, start: database.startOffset(topic), end: database.endOffset(topic) }];
  }

  /** There is one processor, in this process: it owns the partition as long as it wants. */
  async joinGroup(listener: GroupListener): Promise<GroupMember> {
    this.#database();
    listener.onAssigned([PARTITION]);
    return { reportProgress: async () => undefined, leave: async () => undefined };
  }

  async checkHealth(): Promise<void> {
    await this.#callAppender('checkWritable', null, []);
  }

  /** Forgets what is older than `beforeMs` and lies before the given offsets. */
  prune(beforeMs: number, before: ReadonlyMap<Topic, number>): void {
    for (const [topic, offset] of before) this.#database().prune(topic, { ms: beforeMs, offset });
  }

  /**
   * Where the file takes more than `bytesMax`: the stamp before which records would have to go so that it does not, as
   * whole blocks, the oldest first.
   */
  stampBeyond(bytesMax: number): number | null {
    return this.#database().stampBeyond(bytesMax);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.clock.wakeReaders();
    this.#reader?.close();
    this.#reader = null;
    this.#options.appendPort?.close();
    for (const port of this.#served) port.close();
    await (await this.#ownAppender?.catch(() => null))?.stop();
  }

  #appendBlocks(blocks: readonly Block[]): Promise<void> {
    return this.#callAppender(
      'append',
      blocks,
      blocks.map(({ body }) => body.buffer),
    );
  }

  #read(wanted: readonly LogPosition[], bytesMax: number): LogSlice[] {
    const database = this.#database();
    const sealedMs = this.clock.beginRead();
    let bytesLeft = bytesMax;
    return wanted.map(({ topic, partition, offset }) => {
      const endOffset = database.endOffset(topic);
      checkWithin(topic, offset, endOffset);
      const page = bytesLeft > 0 ? database.read(topic, { from: offset, to: endOffset }, bytesLeft) : [];
      for (const record of page) bytesLeft -= (record.key?.length ?? 0) + (record.value?.length ?? 0);
      const nextOffset = page.length > 0 ? (page.at(-1) as LogRecord).offset + 1 : offset;
      const records = withoutErased(page);
      const sealedThroughMs = nextOffset === endOffset ? sealedMs : null;
      return { topic, partition, records, nextOffset, endOffset, sealedThroughMs };
    });
  }

  #database(): LogDatabase {
    this.#checkOpen();
    if (this.#reader === null) {
      this.#reader = new LogDatabase(this.#options.path);
      this.clock.raiseTo(this.#reader.lastStampMs());
    }
    return this.#reader;
  }

  async #callAppender(method: string, argument: unknown, transfer: readonly ArrayBuffer[]): Promise<void> {
    this.#checkOpen();
    try {
      const appender = await this.#appender();
      await appender.call(method, argument, { transfer });
    } catch (error) {
      const { code, message } = error as Error & { code?: StorageErrorCode };
      throw new StorageError(code ?? 'unavailable', message, { cause: error });
    }
  }

  /** Started when it is needed first: a program that only reads has no such thread. */
  async #appender(): Promise<Callable> {
    if (this.#sharedAppender !== null) return this.#sharedAppender;
    this.#ownAppender ??= CallableThread.start(threadUrl('event-log/sqlite/append-thread'), {
      name: 'append',
      workerData: { path: this.#options.path, clock: this.clock.shared },
    });
    return this.#ownAppender;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StorageError('unavailable', 'The event log was closed');
  }
}

function checkWithin(topic: InputTopic, offset: number, endOffset: number): void {
  if (offset <= endOffset) return;
  const message = `${topic} ends at ${endOffset}, so ${offset} cannot be read; was the log replaced?`;
  throw new StorageError('corrupt', message);
}

/** What was erased holds its place in the log, and nobody sees it. */
function withoutErased(page: readonly LogRecord[]): readonly LogRecord[] {
  return page.some(isErased) ? page.filter((record) => !isErased(record)) : page;
}
