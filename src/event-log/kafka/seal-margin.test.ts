import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealMargin } from './seal-margin.ts';

test('where clocks are in step, a silent partition is complete up to half a second ago', () => {
  const margin = new SealMargin(() => 0);
  assert.equal(margin.seal('a', { fetchedAtMs: 10_000, endOffset: 0 }), 9_500);
  margin.saw('a', 9_501);
  assert.equal(margin.marginMs, 500);
});

test('a record stamped before the seal makes the margin greater than its delay, for all partitions', () => {
  const margin = new SealMargin(() => 0);
  margin.seal('a', { fetchedAtMs: 100_000, endOffset: 0 });
  margin.saw('a', 95_500);
  assert.equal(margin.marginMs, 6_750);
  assert.equal(margin.seal('b', { fetchedAtMs: 100_000, endOffset: 0 }), 93_250);
});

test('a broker that is ten seconds behind is overtaken by a few records an hour', () => {
  let nowMs = 0;
  const margin = new SealMargin(() => nowMs);
  let late = 0;
  for (; nowMs < 3_600_000; nowMs += 1000) {
    const before = margin.marginMs;
    margin.saw('a', nowMs + 1000 - 10_000);
    if (margin.marginMs > before) late++;
    margin.seal('a', { fetchedAtMs: nowMs + 1000, endOffset: 0 });
  }
  assert.ok(late <= 20, `${late} of 3600`);
});

test('the margin never exceeds half a minute, and falls again when nothing is late', () => {
  let nowMs = 0;
  const margin = new SealMargin(() => nowMs);
  margin.seal('a', { fetchedAtMs: 1_000_000, endOffset: 0 });
  margin.saw('a', 1);
  assert.equal(margin.marginMs, 30_000);
  nowMs += 600_000;
  assert.equal(margin.marginMs, 15_000);
  nowMs += 24 * 3_600_000;
  assert.equal(margin.marginMs, 500);
});

test('only what is read from the end of the last seal on is a record that came after it', () => {
  const margin = new SealMargin(() => 0);
  assert.equal(margin.sealedOffset('a'), 0);
  margin.seal('a', { fetchedAtMs: 100_000, endOffset: 7 });
  assert.equal(margin.sealedOffset('a'), 7);
  // A seal that says less than an earlier one, since the margin has grown, leaves that to be judged by.
  margin.seal('a', { fetchedAtMs: 99_000, endOffset: 9 });
  assert.equal(margin.sealedOffset('a'), 7);
  assert.equal(margin.sealedOffset('b'), 0);
});
