import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { encodeBlocks } from '../../event-log/sqlite/block-codec.ts';
import { LogDatabase } from '../../event-log/sqlite/log-database.ts';
import { TOPICS } from '../../events/topics.ts';
import { SqliteSnapshot } from '../../sqlite/sqlite-snapshot.ts';
import { gapBetween } from './back-up.ts';

const folder = mkdtempSync(join(tmpdir(), 'backup-'));
after(() => rmSync(folder, { recursive: true }));

const fileAt = (path: string) => ({ path, name: 'The file', withoutBackup: 'weep' });

test('a snapshot is of one moment, whatever is written while it is copied, and its copy stands alone', async () => {
  const path = join(folder, 'written.sqlite');
  const writer = new DatabaseSync(path);
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(20000000)), (1)');
  const snapshot = new SqliteSnapshot(fileAt(path));
  writer.exec('INSERT INTO t VALUES (2)');
  const told: number[] = [];
  await snapshot.copyTo(join(folder, 'copy.sqlite'), (bytes) => {
    told.push(bytes);
    writer.exec('INSERT INTO t VALUES (3)');
  });
  assert.ok(told.length > 2, 'it tells how far it is');
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  );
  snapshot.close();
  writer.close();
  const copy = new DatabaseSync(join(folder, 'copy.sqlite'));
  assert.equal(copy.prepare('SELECT count(*) AS n FROM t').get()?.['n'], 2);
  copy.close();
});

test('a store and a log belong together where the log holds what comes after the positions', () => {
  const path = join(folder, 'log.sqlite');
  const log = new LogDatabase(path);
  const record = { topic: TOPICS.requests, key: 'k', value: Buffer.from('{}') };
  for (let i = 0; i < 3; i++) log.append(encodeBlocks([record, record]), () => i + 1);
  log.prune(TOPICS.requests, { ms: 3, offset: 4 });
  const snapshot = new SqliteSnapshot(fileAt(path));
  const gapAt = (offset: number): string | null => gapBetween({ '0': { [TOPICS.requests]: offset } }, snapshot);
  assert.deepEqual([4, 5, 6].map(gapAt), [null, null, null]);
  assert.match(gapAt(7) ?? '', /complete through offset 7 of llm\.requests, and the log ends at 6/);
  assert.match(gapAt(3) ?? '', /goes on at offset 3 of llm\.requests, and the log begins at 4/);
  assert.equal(gapBetween({}, snapshot), null);
  snapshot.close();
  log.close();
});
