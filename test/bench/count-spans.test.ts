import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSpans } from '../../bench/data/count-spans.ts';
import { spanBodies } from '../../bench/setup/model-spans.ts';

test('the spans of a message are counted over all its resources', () => {
  const { bodies } = spanBodies({ seed: 1, bodies: 2, spansPerBody: 3 });
  // Two messages one after the other are one message with the resources of both.
  assert.equal(countSpans(Buffer.concat(bodies)), 6);
  assert.equal(countSpans(new Uint8Array()), 0);
});

test('a message that is cut off is not counted as a shorter one', () => {
  const [body = Buffer.alloc(0)] = spanBodies({ seed: 1, bodies: 1, spansPerBody: 3 }).bodies;
  assert.throws(() => countSpans(body.subarray(0, -1)), RangeError);
});
