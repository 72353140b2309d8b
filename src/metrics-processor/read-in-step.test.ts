import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogRange, LogRecord } from '../event-log/event-log.ts';
import { TOPICS } from '../events/topics.ts';
import { readInStep } from './read-in-step.ts';

const PAGE = 3;

test('partitions are read to their ends, together in order of log time', async () => {
  const partitions = fc.array(
    fc.array(fc.nat(50), { maxLength: 12 }).map((times) => times.sort((a, b) => a - b)),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(partitions, async (times) => {
      const records = times.map((ofLane) =>
        ofLane.map(
          (loggedAtMs, offset): LogRecord => ({ offset, loggedAtMs, key: null, value: null, senderTenant: null }),
        ),
      );
      const log = {
        readRange: async ({ partition, from, to }: LogRange) =>
          (records[partition] ?? []).slice(from, Math.min(to, from + PAGE)),
      };
      const ranges = records.map(({ length }, lane) => ({
        topic: TOPICS.requests,
        partition: lane,
        lane,
        from: 0,
        to: length,
      }));
      const order: number[] = [];
      const taken = await readInStep(log, ranges, (page) => order.push(...page.map(({ loggedAtMs }) => loggedAtMs)));
      assert.deepEqual(
        order,
        times.flat().sort((a, b) => a - b),
      );
      assert.equal(taken, times.flat().length);
    }),
  );
});
