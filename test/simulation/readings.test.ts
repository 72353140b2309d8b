import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionLog, PlacedRecord } from './oracle/batch-oracle.ts';
import { readingsOf } from './oracle/readings.ts';
import { runSchedule } from './run-schedule.ts';

const record = (partition: number, offset: number, loggedAtMs: number, value = 'same'): PlacedRecord => ({
  partition,
  offset,
  loggedAtMs,
  key: Buffer.from('call-1'),
  value: Buffer.from(value),
  senderTenant: null,
});

const RESPONSE = record(3, 0, 12_100);

function readings(
  requests: readonly PlacedRecord[],
  isUnheardOf: (record: PlacedRecord) => boolean = () => true,
): string[][] {
  const log: PartitionLog = {
    'llm.requests': requests,
    'llm.responses': [RESPONSE],
    'llm.evaluations': [],
    'llm.reports': [],
  };
  return [...readingsOf([log], { joinTimeoutMs: 12_000, isUnheardOf })].map((reading) => [...reading]);
}

test('of a request that was repeated in another partition the repetition may be read first', () => {
  assert.deepEqual(readings([record(0, 0, 0), record(3, 0, 500)]), [[], ['llm.requests/3/0']]);
});

test('there is one order where the growth is known, where both lie in one partition, and where nothing depends on it', () => {
  const repeated = [record(0, 0, 0), record(3, 0, 500)];
  assert.deepEqual(
    readings(repeated, () => false),
    [[]],
  );
  assert.deepEqual(readings([record(0, 0, 0), record(0, 1, 500)]), [[]]);
  assert.deepEqual(readings([record(0, 0, 200), record(3, 0, 500)]), [[]]);
  assert.deepEqual(readings([record(0, 0, 0), record(3, 0, 500, 'another')]), [[]]);
});

test('a response that only a repetition of its request reaches is answered or not, while topics grow', async () => {
  const { failure } = await runSchedule(40_770_246, { situation: 'growth at the start' });
  assert.equal(failure, null);
});
