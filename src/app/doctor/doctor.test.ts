import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRoom } from './check-data-directory.ts';
import { checkLogTime } from './check-log.ts';
import { checkClock, checkNode, checkRuntime, checkSqlite } from './check-runtime.ts';
import { checkAge } from './check-store.ts';
import { findingsOf } from './finding.ts';

const NOW_MS = Date.UTC(2025, 10, 19, 10);
const GIB = 1024 ** 3;

test('this machine has the versions that are needed', () => {
  assert.deepEqual(
    checkRuntime(NOW_MS).map(({ level }) => level),
    ['ok', 'ok', 'ok'],
  );
});

test('an old Node or SQLite is broken, a newer one is not', () => {
  assert.equal(checkNode('22.14.0').level, 'broken');
  assert.equal(checkNode('26.0.0').level, 'ok');
  assert.equal(checkSqlite('3.36.0').level, 'broken');
  assert.equal(checkSqlite('3.37.0').level, 'ok');
  assert.equal(checkSqlite('4.0.1').level, 'ok');
});

test('a clock that stands in the past is told', () => {
  assert.match(checkClock(0).text, /1970-01-01.*set the clock/);
});

test('a disk is broken below 256 MiB and worth a note below 2 GiB', () => {
  const levels = [GIB / 5, GIB, 3 * GIB].map((free) => checkRoom('/data', free).level);
  assert.deepEqual(levels, ['broken', 'note', 'ok']);
});

test('log time may be a little ahead of the clock, not a minute', () => {
  assert.equal(checkLogTime(NOW_MS + 2_000, NOW_MS).level, 'ok');
  assert.match(checkLogTime(NOW_MS + 60_000, NOW_MS).text, /60 s in the future/);
});

test('a check that fails is a finding with its reason', async () => {
  const findings = await findingsOf('thing', () => Promise.reject(new Error('no such thing; make one')));
  assert.deepEqual(findings, [{ level: 'broken', what: 'thing', text: 'no such thing; make one' }]);
});

test('a processor that commits is fine, a stopped one is worth a note, and broken while events wait', () => {
  assert.equal(checkAge(12, 3, 500).level, 'ok');
  assert.match(checkAge(12, 3, 500).text, /500 events are still to be read/);
  assert.equal(checkAge(1, 3600, 0).level, 'note');
  assert.equal(checkAge(12, 103, 1000).level, 'broken');
  assert.match(checkAge(12, 103, 1000).text, /no processor is running.*1000 events wait/);
  assert.equal(checkAge(12, 103, null).level, 'note');
});
