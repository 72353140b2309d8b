import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SqliteConnection } from './sqlite-connection.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-connection-'));
after(() => rmSync(directory, { recursive: true, force: true }));

describe('A connection to SQLite', () => {
  test('sees the newest commit after a reading that left rows unread, and one that failed', () => {
    const file = { path: join(directory, 'rows.sqlite'), name: 'The file', withoutBackup: 'make another' };
    const writer = new SqliteConnection({ file, survives: 'crash' });
    writer.write(() => writer.exec('CREATE TABLE numbers (n INTEGER)'));
    const addRows = (): void =>
      writer.write(() => {
        for (const n of [1, 2, 3]) writer.run('INSERT INTO numbers VALUES (?)', n);
      });
    addRows();
    const reader = new SqliteConnection({ file, survives: 'crash', readOnly: true });
    const count = (): number => Number(reader.read(() => reader.row('SELECT count(*) FROM numbers')?.[0]));
    const firstOf = (sql: string): unknown => reader.rows(sql)[Symbol.iterator]().next().value;
    assert.deepEqual(
      reader.read(() => firstOf('SELECT n FROM numbers')),
      [1n],
    );
    addRows();
    assert.equal(count(), 6);
    const failing = (): never => {
      firstOf('SELECT n FROM numbers WHERE n > 1');
      throw new Error('a reader that fails');
    };
    assert.throws(() => reader.read(failing), /a reader that fails/);
    addRows();
    assert.equal(count(), 9);
    reader.close();
    writer.close();
  });
});
