import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventLogContract } from '../event-log.contract.ts';
import { LogClock } from './log-clock.ts';
import { SqliteEventLog } from './sqlite-event-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-log-'));
const clock = new LogClock().shared;
const path = join(directory, 'events.sqlite');
const ONE_OWNER = 'the embedded log has one partition and one owner';

const skipTests = {
  'a second member takes a share, each partition has one owner, and what stays is not disturbed': ONE_OWNER,
  'when a member leaves, the others get its partitions': ONE_OWNER,
  'closing a log leaves its group': ONE_OWNER,
};

eventLogContract({
  name: 'SQLite',
  open: async () => new SqliteEventLog({ path, clock }),
  dispose: async () => undefined,
  skipTests,
});

const first = new SqliteEventLog({ path, clock });
eventLogContract({
  name: 'SQLite, by the append thread of another log',
  open: async () => new SqliteEventLog({ path, clock, appendPort: first.openAppendPort() }),
  dispose: async () => {
    await first.close();
    rmSync(directory, { recursive: true, force: true });
  },
  skipTests,
});

test('a log that appends by another, which was closed, says so', async (t) => {
  const other = mkdtempSync(join(tmpdir(), 'streamlens-log-'));
  t.after(() => rmSync(other, { recursive: true, force: true }));
  const owner = new SqliteEventLog({ path: join(other, 'events.sqlite'), clock });
  const log = new SqliteEventLog({ path: join(other, 'events.sqlite'), clock, appendPort: owner.openAppendPort() });
  t.after(() => log.close());
  await log.checkHealth();
  await owner.close();
  await assert.rejects(log.checkHealth(), { name: 'EventLogError', code: 'unavailable', message: /has ended/ });
});
