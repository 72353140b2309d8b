import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTally, Tally } from './tally.ts';
import { plainTally, talliesOf } from './tally-builders.contract.ts';
import { addEncodedTally, encodeTally } from './tally-codec.ts';

const counts = fc.oneof(fc.constant(0), fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 2 ** 51 }));
const money = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }));
const buckets = fc.array(fc.tuple(fc.integer({ min: -400, max: 1000 }), fc.integer({ min: -3, max: 2 ** 40 })));

const tallies = talliesOf({ counts, money, buckets });

test('a tally that was written adds as it is, and the reader is then at the next', () => {
  fc.assert(
    fc.property(tallies, tallies, (first, second) => {
      const bytes = Uint8Array.from([...(encodeTally(first) ?? []), ...(encodeTally(second) ?? [])]);
      const reader = { bytes, at: 0 };
      const [sum, expected] = [new Tally(), new Tally()];
      for (const tally of [first, second]) {
        addEncodedTally(sum, reader);
        addTally(expected, tally);
        assert.deepEqual(plainTally(sum), plainTally(expected));
      }
      assert.equal(reader.at, bytes.length);
    }),
  );
});

test('a call takes some thirty bytes', () => {
  const tally = new Tally();
  tally.requests = 1;
  tally.completed = 1;
  tally.latencyKnown = 1;
  tally.latencyUsSum = 812_000;
  tally.latencyUsMax = 812_000;
  tally.promptTokens = 1500;
  tally.promptTokensKnown = 1;
  tally.costPicoUsd.addProduct(1700, 150_000);
  tally.latency.record(812);
  const length = encodeTally(tally)?.length ?? 0;
  assert.ok(length < 40, `${length} bytes`);
});

test('what no number can hold exactly is not written', () => {
  const tally = new Tally();
  tally.latencyUsSum = 2 ** 52;
  assert.equal(encodeTally(tally), null);
});
