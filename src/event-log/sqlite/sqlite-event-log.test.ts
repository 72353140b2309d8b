import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventLogContract } from '../event-log.contract.ts';
import { LogClock } from './log-clock.ts';
import { SqliteEventLog } from './sqlite-event-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-log-'));
const clock = new LogClock().shared;
const ONE_OWNER = 'the embedded log has one partition and one owner';

eventLogContract({
  name: 'SQLite',
  open: async () => new SqliteEventLog({ path: join(directory, 'events.sqlite'), clock }),
  dispose: async () => rmSync(directory, { recursive: true, force: true }),
  skipTests: {
    'a second member takes a share, each partition has one owner, and what stays is not disturbed': ONE_OWNER,
    'when a member leaves, the others get its partitions': ONE_OWNER,
    'closing a log leaves its group': ONE_OWNER,
  },
});
