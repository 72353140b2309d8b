import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStreamParser } from '../../src/dashboard/event-stream.ts';

const TEXT = ': changed rows follow\n\nid: 7\nevent: metrics\ndata: {"a":1}\n\n: still here\n\ndata: x\ndata: y\n\n';
const EVENTS = [
  { id: '7', type: 'metrics', data: '{"a":1}' },
  { id: null, type: 'message', data: 'x\ny' },
];

test('events are the same in whatever pieces they arrive, and comments are none', () => {
  for (let size = 1; size <= TEXT.length; size++) {
    const parser = new EventStreamParser();
    const events = [];
    for (let at = 0; at < TEXT.length; at += size) events.push(...parser.push(TEXT.slice(at, at + size)));
    assert.deepEqual(events, EVENTS, `in pieces of ${size}`);
  }
});

test('an event that is not complete is not one yet', () => {
  const parser = new EventStreamParser();
  assert.deepEqual(parser.push('data: half'), []);
  assert.equal(parser.push('\n\n').length, 1);
});
