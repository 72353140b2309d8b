import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyBudget } from './body-budget.ts';
import { GrowingBytes } from './growing-bytes.ts';

test('a million parts of a byte become one piece of memory, all of which is charged', () => {
  const budget = new BodyBudget(16 * 1024 * 1024);
  const lease = budget.lease();
  const bytes = new GrowingBytes(lease, 8 * 1024 * 1024);
  for (let i = 0; i < 1_000_000; i++) bytes.add(Buffer.of(i % 251));
  const all = bytes.take();
  assert.equal(all.length, 1_000_000);
  assert.ok(all.every((byte, i) => byte === i % 251));
  assert.equal(budget.bytes, all.buffer.byteLength);
  lease.release();
  assert.equal(budget.bytes, 0);
});

test('nothing is allocated beyond the announced length', () => {
  const bytes = new GrowingBytes(new BodyBudget(1_000_000).lease(), 100);
  bytes.add(Buffer.alloc(60, 1));
  bytes.add(Buffer.alloc(40, 2));
  assert.equal(bytes.take().buffer.byteLength, 100);
});

test('a body that does not fit into the budget is refused, and what it held is given back', () => {
  const budget = new BodyBudget(100);
  const lease = budget.lease();
  const bytes = new GrowingBytes(lease, 200);
  bytes.add(Buffer.alloc(60));
  assert.throws(() => bytes.add(Buffer.alloc(60)), { status: 503, retryAfterS: 1 });
  lease.release();
  assert.equal(budget.bytes, 0);
});
