import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TOPICS } from '../../../events/topics.ts';
import { placeOf } from '../join/lane.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const offset = fc.integer({ min: 0, max: 2 ** 46 });
const LANES = 2;
const perLane = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: LANES, maxLength: LANES });
const places = perLane(fc.uniqueArray(offset, { maxLength: 40 })).map((lanes) =>
  lanes.flatMap((offsets, lane) => offsets.sort((a, b) => a - b).map((each) => placeOf(lane, each))),
);
const perTopic = <T>(each: fc.Arbitrary<T>) =>
  fc.record({ [TOPICS.requests]: each, [TOPICS.responses]: each, [TOPICS.evaluations]: each, [TOPICS.reports]: each });

const checkpoints = fc.record({
  shardCount: fc.integer({ min: 1, max: 10_000 }),
  positions: perTopic(perLane(offset)),
  timesMs: perTopic(perLane(fc.integer({ min: 0, max: Date.UTC(2199, 0) }))),
  waiting: perTopic(places),
  kept: places,
  sighted: fc.record({ ownTenant: perTopic(places), otherTenant: perTopic(places) }),
  invalid: perTopic(places),
  sampling: fc.record({ second: offset, count: fc.nat(), countBefore: fc.nat() }),
  prices: fc.string({ unit: 'grapheme' }),
}) as fc.Arbitrary<Checkpoint>;

test('a checkpoint comes back as it was written', () => {
  fc.assert(
    fc.property(checkpoints, (checkpoint) => {
      assert.deepEqual(structuredClone(decodeCheckpoint(encodeCheckpoint(checkpoint))), structuredClone(checkpoint));
    }),
  );
});

test('a run of waiting calls takes about a byte each', () => {
  const none = { [TOPICS.requests]: [], [TOPICS.responses]: [], [TOPICS.evaluations]: [], [TOPICS.reports]: [] };
  const zero = { [TOPICS.requests]: [0], [TOPICS.responses]: [0], [TOPICS.evaluations]: [0], [TOPICS.reports]: [0] };
  const offsets = Array.from({ length: 10_000 }, (_, i) => 5_000_000_000 + i * 3);
  const waiting = { ...none, [TOPICS.requests]: offsets.map((each) => placeOf(0, each)) };
  const sampling = { second: 0, count: 0, countBefore: 0 };
  const sighted = { ownTenant: none, otherTenant: none };
  const nothing = { positions: zero, timesMs: zero, kept: [], sighted, invalid: none, prices: '' };
  assert.ok(encodeCheckpoint({ shardCount: 1, ...nothing, waiting, sampling }).length < 10_100);
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
