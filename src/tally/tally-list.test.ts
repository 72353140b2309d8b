import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TallyListWriter } from './tally-list.ts';

test('a list has the bytes of each tally where it says, however many there are', () => {
  const tally = fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }), share: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(tally, { maxLength: 40 }), (tallies) => {
      const writer = new TallyListWriter();
      const parts = tallies.map(({ bytes, share }) => {
        const start = Math.floor((bytes.length * share) / 200);
        writer.push({ bytes, start, end: bytes.length });
        return bytes.slice(start);
      });
      const { bytes, ends } = writer.list();
      const found = Array.from(ends, (end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1], end));
      assert.deepEqual(found, parts);
      assert.equal(bytes.length, ends[ends.length - 1] ?? 0);
    }),
  );
});
