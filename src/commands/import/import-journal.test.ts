import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noteSending, noteSent, readJournal } from './import-journal.ts';

function aPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-journal-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'new', 'state.ndjson');
}

test('a journal that is not there holds nothing', (t) => {
  assert.deepEqual(readJournal(aPath(t)), { sent: new Set(), unanswered: new Map() });
});

test('a batch is sent once it was answered', (t) => {
  const path = aPath(t);
  noteSending(path, ['a', 'b'], 5);
  noteSent(path);
  noteSending(path, ['c'], 7);
  assert.deepEqual(readJournal(path), { sent: new Set(['a', 'b']), unanswered: new Map([['c', 7]]) });
});

test('calls without an answer stay so until a later batch holds them', (t) => {
  const path = aPath(t);
  noteSending(path, ['a', 'b'], 5);
  noteSending(path, ['b', 'c'], 9);
  noteSent(path);
  assert.deepEqual(readJournal(path), { sent: new Set(['b', 'c']), unanswered: new Map([['a', 5]]) });
});

test('a line that a crash cut costs no line after it', (t) => {
  const path = aPath(t);
  noteSending(path, ['a'], 5);
  noteSent(path);
  appendFileSync(path, '\n{"sending":["b"');
  noteSending(path, ['c'], 9);
  noteSent(path);
  assert.deepEqual(readJournal(path), { sent: new Set(['a', 'c']), unanswered: new Map() });
});
