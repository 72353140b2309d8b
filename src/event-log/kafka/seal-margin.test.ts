import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealMargin } from './seal-margin.ts';

test('where clocks are in step, a silent partition is complete up to half a second ago', () => {
  const margin = new SealMargin(() => 0);
  assert.equal(margin.seal('a', 10_000), 9_500);
  margin.saw('a', 9_501);
  assert.equal(margin.marginMs, 500);
});

test('a record stamped before the seal makes the margin greater than its delay, for all partitions', () => {
  const margin = new SealMargin(() => 0);
  margin.seal('a', 100_000);
  margin.saw('a', 95_500);
  assert.equal(margin.marginMs, 6_750);
  assert.equal(margin.seal('b', 100_000), 93_250);
});

test('a broker that is ten seconds behind is overtaken by a few records an hour', () => {
  let nowMs = 0;
  const margin = new SealMargin(() => nowMs);
  let late = 0;
  for (; nowMs < 3_600_000; nowMs += 1000) {
    const before = margin.marginMs;
    margin.saw('a', nowMs + 1000 - 10_000);
    if (margin.marginMs > before) late++;
    margin.seal('a', nowMs + 1000);
  }
  assert.ok(late <= 20, `${late} of 3600`);
});

test('the margin never exceeds half a minute, and falls again when nothing is late', () => {
  let nowMs = 0;
  const margin = new SealMargin(() => nowMs);
  margin.seal('a', 1_000_000);
  margin.saw('a', 1);
  assert.equal(margin.marginMs, 30_000);
  nowMs += 600_000;
  assert.equal(margin.marginMs, 15_000);
  nowMs += 24 * 3_600_000;
  assert.equal(margin.marginMs, 500);
});
