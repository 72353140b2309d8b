import { workerData } from 'node:worker_threads';
import { serveCalls } from '../../threads/thread-rpc.ts';
import type { Block } from './block-codec.ts';
import { LogClock } from './log-clock.ts';
import { LogDatabase } from './log-database.ts';

/** The thread that appends: an fsync blocks it and nobody else. */
export interface AppendThreadData {
  readonly path: string;
  readonly clock: SharedArrayBuffer;
}

const { path, clock: shared } = workerData as AppendThreadData;
const database = new LogDatabase(path);
const clock = new LogClock(shared);

serveCalls({
  append(blocks: readonly Block[]): void {
    try {
      database.append(blocks, (lastMs) => clock.beginAppend(Date.now(), lastMs));
    } finally {
      clock.endAppend();
    }
  },
  checkWritable(): void {
    database.checkWritable();
  },
  stop(): void {
    database.close();
  },
});
