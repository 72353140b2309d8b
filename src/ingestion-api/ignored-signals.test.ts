import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IgnoredKind, IgnoredSignals } from './ignored-signals.ts';

const HOUR_MS = 3_600_000;
const REDIS = { scope: 'redis', reason: 'no call', count: 2, attributes: ['gen_ai.request.model'] };

test('what is not counted is told once and shown with its number for a day', () => {
  const told: IgnoredKind[] = [];
  const ignored = new IgnoredSignals((kind) => told.push(kind));
  ignored.note(null, 'traces', REDIS, 0);
  ignored.note(null, 'traces', REDIS, 5 * HOUR_MS);
  assert.equal(told.length, 1);
  const [kind] = ignored.list(null, 6 * HOUR_MS);
  assert.deepEqual(kind, {
    ...REDIS,
    signal: 'traces',
    count: 4,
    last_seen: '1970-01-01T05:00:00.000Z',
  });
  assert.equal(ignored.list(null, 25 * HOUR_MS)[0]?.count, 2);
  assert.deepEqual(ignored.list(null, 40 * HOUR_MS), []);
});

test('a sender with a key sees its own', () => {
  const ignored = new IgnoredSignals(() => undefined);
  ignored.note(['acme'], 'traces', REDIS, 0);
  assert.equal(ignored.list(['acme'], 1).length, 1);
  assert.deepEqual(ignored.list(['globex'], 1), []);
});

test('at most a thousand kinds are remembered, the oldest go', () => {
  const ignored = new IgnoredSignals(() => undefined);
  for (let i = 0; i < 1_100; i++) ignored.note(null, 'traces', { ...REDIS, reason: `r${i}` }, i);
  const kinds = ignored.list(null, 2_000);
  assert.equal(kinds.length, 1_000);
  assert.ok(kinds.every(({ reason }) => Number(reason.slice(1)) >= 100));
});
