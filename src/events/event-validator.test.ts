import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventErrors, isEvent } from './event-validator.ts';
import { METADATA_BYTES_MAX, METADATA_LEVELS_MAX } from './fields.ts';

function aRequest(metadata: string): { value: unknown; bytes: number } {
  const json = `{"request_id":"r","tenant_id":"t","route":"r","model":"m","timestamp":"2026-01-01T00:00:00Z","metadata":${metadata}}`;
  return { value: JSON.parse(json), bytes: json.length };
}

/** An object with `levels - 1` arrays in it. */
const nested = (levels: number) => `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

test('metadata is taken up to its number of levels', () => {
  const { value, bytes } = aRequest(nested(METADATA_LEVELS_MAX));
  assert.ok(isEvent('request', value, bytes));
});

// Both fitted their limits of bytes and overflowed the stack of whoever wrote them as JSON: first in the HTTP answer,
// then in every processor that met the record.
test('metadata that is nested more deeply is refused instead of overflowing the stack', () => {
  for (const levels of [METADATA_LEVELS_MAX + 1, 7000, 30_000]) {
    const { value, bytes } = aRequest(nested(levels));
    assert.deepEqual(
      eventErrors('request', value, bytes).map(({ path }) => path),
      ['/metadata'],
    );
  }
});

test('metadata is taken up to its number of bytes as JSON', () => {
  const filled = (length: number) => aRequest(`{ "x" : "${'x'.repeat(length - '{"x":""}'.length)}" }`);
  const [largest, tooLarge] = [filled(METADATA_BYTES_MAX), filled(METADATA_BYTES_MAX + 1)];
  assert.ok(isEvent('request', largest.value, largest.bytes));
  assert.ok(!isEvent('request', tooLarge.value, tooLarge.bytes));
});

test('a word that is none of those that a field takes is told which these are', () => {
  const response = { request_id: 'a', timestamp: '2026-11-30T10:00:00Z', cost_reported_by: 'me' };
  assert.deepEqual(eventErrors('response', response, 100), [
    { path: '/cost_reported_by', message: 'must be one of provider, gateway, client' },
  ]);
});
