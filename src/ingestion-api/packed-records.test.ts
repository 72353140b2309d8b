import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TOPICS } from '../events/topics.ts';
import { packRecords, unpackRecords } from './packed-records.ts';

test('records come out of their pack as they went in', async () => {
  const record = fc.record(
    {
      topic: fc.constantFrom(TOPICS.requests, TOPICS.responses, TOPICS.evaluations),
      key: fc.string({ unit: 'grapheme' }),
      value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      senderTenant: fc.option(fc.constantFrom('', 'acme', 'a b')),
    },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(record), async (records) => {
      assert.deepEqual(await unpackRecords(structuredClone(packRecords(records))), records);
    }),
    { numRuns: 200 },
  );
});
