import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanContextOf, traceparentOf } from './traceparent.ts';

const TRACE = 'ab'.repeat(16);
const SPAN = 'cd'.repeat(8);

test('what is written as a traceparent is read again, and only whether it is sampled is kept of its flags', () => {
  for (const [flags, sampled] of [
    ['01', 1],
    ['00', 0],
    ['ff', 1],
    ['02', 0],
  ] as const) {
    const context = spanContextOf(`00-${TRACE}-${SPAN}-${flags}`);
    assert.deepEqual(context, { traceId: TRACE, spanId: SPAN, traceFlags: sampled, isRemote: true });
    assert.equal(context === null ? '' : traceparentOf(context), `00-${TRACE}-${SPAN}-0${sampled}`);
  }
  assert.equal(spanContextOf(`cc-${TRACE}-${SPAN}-01-what-comes-later`)?.traceId, TRACE);
});

test('anything else begins a trace of its own', () => {
  const zeros = ['0'.repeat(32), '0'.repeat(16)];
  for (const wrong of [
    '',
    TRACE,
    `00-${zeros[0]}-${SPAN}-01`,
    `00-${TRACE}-${zeros[1]}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01x`,
  ]) {
    assert.equal(spanContextOf(wrong), null, wrong);
  }
});
