import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallSampling } from './call-sampling.ts';

/** Well spread hashes, the same in each run. */
function hashOf(n: number): number {
  return Math.imul(n + 1, 0x9e3779b1) >>> 0;
}

/** How many of `requests` in one second are kept. */
function keptIn(sampling: CallSampling, second: number, requests: number): number {
  let kept = 0;
  for (let n = 0; n < requests; n++) if (sampling.keeps(second * 1000 + 5, hashOf(n))) kept++;
  return kept;
}

test('a limit of 0 keeps no call, not even in the first second or in the one after a pause', () => {
  const sampling = new CallSampling(0);
  assert.deepEqual(
    [100, 101, 110].map((second) => keptIn(sampling, second, 1000)),
    [0, 0, 0],
  );
});

test('up to the limit all calls are kept', () => {
  const sampling = new CallSampling(1000);
  assert.deepEqual(
    [100, 101, 110].map((second) => keptIn(sampling, second, 1000)),
    [1000, 1000, 1000],
  );
});

test('a steady rate above the limit keeps about the limit', () => {
  const sampling = new CallSampling(100);
  keptIn(sampling, 100, 10_000);
  const kept = keptIn(sampling, 101, 10_000);
  assert.ok(kept > 80 && kept < 120, `${kept}`);
});

test('a burst out of silence keeps a few times the limit, not all of itself', () => {
  const sampling = new CallSampling(100);
  const kept = keptIn(sampling, 100, 100_000);
  // The first hundred, and then a share that falls as the second fills: 100 × (1 + ln 1000).
  assert.ok(kept > 600 && kept < 1000, `${kept}`);
});

test('partitions that are read in turn, a second apart, do not make every call the first of its second', () => {
  const sampling = new CallSampling(100);
  let kept = 0;
  for (let n = 0; n < 20_000; n++) if (sampling.keeps((100 + (n % 2)) * 1000, hashOf(n))) kept++;
  assert.ok(kept < 1000, `${kept}`);
});

test('a log time far ahead does not count every later request into its second', () => {
  const sampling = new CallSampling(100);
  sampling.keeps(9_000_000_000_000, 0);
  assert.equal(keptIn(sampling, 100, 100), 100);
  assert.equal(keptIn(sampling, 101, 100), 100);
});

test('it goes on from a checkpoint as if it had never stopped', () => {
  const [whole, before, after] = [new CallSampling(10), new CallSampling(10), new CallSampling(10)];
  const choices = (sampling: CallSampling, from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => sampling.keeps((from + n) * 40, hashOf(from + n)));
  const expected = choices(whole, 0, 400);
  const first = choices(before, 0, 170);
  after.resumeAt(before);
  assert.deepEqual([...first, ...choices(after, 170, 400)], expected);
});
