import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptBytes, keptSize } from './kept-record.ts';

const KEY = Buffer.from('r1');
const RESPONSE = { request_id: 'r1', timestamp: '2025-11-19T10:00:05Z' };

test('a small record is copied as it was sent', () => {
  const value = Buffer.from(JSON.stringify({ ...RESPONSE, ours: 'unknown' }));
  const kept = keptBytes('response', { key: KEY, value });
  assert.deepEqual(Buffer.from(kept.value), value);
  assert.notEqual(kept.value.buffer, value.buffer);
});

test('of a large record only the fields that we know are kept', () => {
  const value = Buffer.from(JSON.stringify({ ...RESPONSE, ours: 'x'.repeat(2_000) }));
  const kept = keptBytes('response', { key: KEY, value });
  assert.deepEqual(JSON.parse(Buffer.from(kept.value).toString('utf8')), RESPONSE);
  assert.ok(keptSize(kept) < keptSize({ key: KEY, value }));
});
