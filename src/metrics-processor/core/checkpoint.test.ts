import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TOPICS } from '../../events/topics.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const offset = fc.integer({ min: 0, max: 2 ** 50 });
const ascending = fc.uniqueArray(offset, { maxLength: 80 }).map((offsets) => offsets.sort((a, b) => a - b));
const perTopic = <T>(each: fc.Arbitrary<T>) =>
  fc.record({ [TOPICS.requests]: each, [TOPICS.responses]: each, [TOPICS.evaluations]: each });

const checkpoints = fc.record({
  positions: perTopic(offset),
  timesMs: perTopic(fc.integer({ min: 0, max: Date.UTC(2199, 0) })),
  waiting: perTopic(ascending),
  invalid: perTopic(ascending),
  sampling: fc.record({ second: offset, count: fc.nat(), countBefore: fc.nat() }),
}) as fc.Arbitrary<Checkpoint>;

test('a checkpoint comes back as it was written', () => {
  fc.assert(
    fc.property(checkpoints, (checkpoint) => {
      assert.deepEqual(structuredClone(decodeCheckpoint(encodeCheckpoint(checkpoint))), structuredClone(checkpoint));
    }),
  );
});

test('a run of waiting calls takes about a byte each', () => {
  const none = { [TOPICS.requests]: [], [TOPICS.responses]: [], [TOPICS.evaluations]: [] };
  const zero = { [TOPICS.requests]: 0, [TOPICS.responses]: 0, [TOPICS.evaluations]: 0 };
  const waiting = { ...none, [TOPICS.requests]: Array.from({ length: 10_000 }, (_, i) => 5_000_000_000 + i * 3) };
  const sampling = { second: 0, count: 0, countBefore: 0 };
  assert.ok(encodeCheckpoint({ positions: zero, timesMs: zero, waiting, invalid: none, sampling }).length < 10_100);
});

test('a checkpoint that ends early or is of another version is refused', () => {
  fc.assert(
    fc.property(checkpoints, (checkpoint) => {
      const bytes = encodeCheckpoint(checkpoint);
      assert.throws(() => decodeCheckpoint(bytes.slice(0, -1)), RangeError);
      assert.throws(() => decodeCheckpoint(Uint8Array.of(99, ...bytes.slice(1))), RangeError);
    }),
    { numRuns: 50 },
  );
});
