import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { TOPICS } from '../../events/topics.ts';
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
  await assert.rejects(log.checkHealth(), { name: 'StorageError', code: 'unavailable', message: /has ended/ });
});

test('who reads a backlog without a pause leaves a turn to the other work of its thread', async (t) => {
  const other = mkdtempSync(join(tmpdir(), 'streamlens-log-'));
  t.after(() => rmSync(other, { recursive: true, force: true }));
  const log = new SqliteEventLog({ path: join(other, 'events.sqlite') });
  t.after(() => log.close());
  await log.append([{ topic: TOPICS.requests, key: 'k', value: Buffer.from('v') }]);
  let hadTurn = false;
  setImmediate(() => {
    hadTurn = true;
  });
  await log.poll([{ topic: TOPICS.requests, partition: 0, offset: 0 }], { bytesMax: 1000, waitMs: 0 });
  assert.equal(hadTurn, true);
});

test('a block whose bytes have changed on the disk is refused with what to do, and the others are read', async (t) => {
  const damaged = mkdtempSync(join(tmpdir(), 'streamlens-log-'));
  t.after(() => rmSync(damaged, { recursive: true, force: true }));
  const file = join(damaged, 'events.sqlite');
  const log = new SqliteEventLog({ path: file });
  t.after(() => log.close());
  for (const key of ['a', 'b', 'c'])
    await log.append([{ topic: TOPICS.requests, key, value: Buffer.from('some value') }]);
  const database = new DatabaseSync(file);
  const { body } = database.prepare('SELECT body FROM requests WHERE first_offset = 1').get() as { body: Uint8Array };
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  database.prepare('UPDATE requests SET body = ? WHERE first_offset = 1').run(body);
  database.close();
  const range = { topic: TOPICS.requests, partition: 0 } as const;
  assert.equal((await log.readRange({ ...range, from: 0, to: 1 })).length, 1);
  assert.equal((await log.readRange({ ...range, from: 2, to: 3 })).length, 1);
  await assert.rejects(log.readRange({ ...range, from: 0, to: 3 }), {
    code: 'corrupt',
    message: /events\.sqlite: the block of llm\.requests at offset 1 does not match its checksum.*restore a backup/,
  });
});
