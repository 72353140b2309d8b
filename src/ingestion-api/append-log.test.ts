import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { StorageError } from '../storage/storage-error.ts';
import { AppendLog } from './append-log.ts';

const FACT = { records: 1, bytes: 1, tookMs: 1 };

test('an outage is told when it begins, every 30 s while it lasts, and when it is over', () => {
  const lines: { msg: string; reason?: string; failures?: number }[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  let nowMs = 0;
  let counted = 0;
  const log = new AppendLog({ appended: () => counted++, failed: () => counted++ }, logger, () => nowMs);
  log.appended(FACT);
  for (; nowMs < 65_000; nowMs += 1000) log.failed(new StorageError('unavailable', 'no broker answers'));
  log.appended(FACT);
  log.appended(FACT);
  assert.deepEqual(
    lines.map(({ msg, failures }) => [/refused/.test(msg) ? 'refused' : 'again', failures]),
    [
      ['refused', 1],
      ['refused', 31],
      ['refused', 61],
      ['again', 65],
    ],
  );
  assert.equal(lines[0]?.reason, 'no broker answers');
  assert.equal(counted, 68);
});
