import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SERIES } from '../../../tally/series.ts';
import { Sightings, see } from './sightings.ts';

const OPTIONS = { joinTimeoutMs: 1_000, dedupHorizonMs: 1_000 };
const callOf = (tenantId: string, atMs = 0) => ({
  series: { ...NO_SERIES, tenantId },
  firstSeenMs: atMs,
  lastSeenMs: atMs,
});

function seen(tenantId: string | null, calls: readonly ReturnType<typeof callOf>[]): Sightings {
  const sightings = new Sightings();
  for (const call of calls) see(sightings, { tenantId, loggedAtMs: 0 }, call, OPTIONS);
  return sightings;
}

test('what saw calls of other tenants only is foreign', () => {
  assert.equal(seen('a', [callOf('b')]).areForeign, true);
  assert.equal(seen('a', [callOf('b'), callOf('a')]).areForeign, false);
});

test('what names no tenant, or lies out of reach of the other call, is not foreign', () => {
  assert.equal(seen(null, [callOf('b')]).areForeign, false);
  assert.equal(seen('a', [callOf('b', 5_000)]).areForeign, false);
});
