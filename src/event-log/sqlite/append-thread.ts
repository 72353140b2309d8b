import { workerData } from 'node:worker_threads';
import { serveCalls } from '../../threads/thread-rpc.ts';
import type { Block } from './block-codec.ts';
import { LogClock, type SharedLogClock } from './log-clock.ts';
import { LogDatabase } from './log-database.ts';

/** The one thread of a process that appends: an fsync blocks it and nobody else. */
export interface AppendThreadData {
  readonly path: string;
  readonly clock: SharedLogClock;
}

const { path, clock: shared } = workerData as AppendThreadData;
const database = new LogDatabase(path);
const clock = new LogClock(shared);

serveCalls({
  append(blocks: readonly Block[]): void {
    try {
      database.append(blocks, (lastMs) => clock.beginAppend(lastMs));
    } finally {
      clock.endAppend();
      // They are this thread's now, and its own heap is so small that it would not collect them before 30 MB lie there.
      for (const { body } of blocks) body.buffer.transfer(0);
    }
  },
  checkWritable(): void {
    database.checkWritable();
  },
  stop(): void {
    database.close();
  },
});
