import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeInstantMs } from './relative-instant.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 10);

test('now and a duration before it are instants, none of them before 1970', () => {
  const before = (text: string): number => NOW_MS - (relativeInstantMs(text, NOW_MS) ?? Number.NaN);
  const expected = {
    now: 0,
    'now-0s': 0,
    'now-90s': 90_000,
    'now-15m': 900_000,
    'now-2h': 7_200_000,
    'now-7d': 604_800_000,
  };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((text) => [text, before(text)])), expected);
  assert.equal(relativeInstantMs('now-999999999d', NOW_MS), 0);
});

test('what only begins or ends like them is none', () => {
  for (const text of [
    '',
    'Now',
    'now-',
    'now-1',
    'now-1w',
    'now+1h',
    'now-1.5h',
    'now-1h ',
    'now-1234567890s',
    'x now',
  ]) {
    assert.equal(relativeInstantMs(text, NOW_MS), null, text);
  }
});
