import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tierInGeo } from './tier-in-geo.ts';

test('only the US make another tier, and of none that is bought by the month', () => {
  assert.equal(tierInGeo('standard', 'us'), 'us');
  assert.equal(tierInGeo(null, 'US'), 'us');
  assert.equal(tierInGeo('batch', 'us'), 'us_batch');
  assert.equal(tierInGeo('fast', 'us'), 'us_fast');
  assert.equal(tierInGeo('priority', 'us'), 'priority');
  for (const geo of [null, '', 'global', 'not_available']) assert.equal(tierInGeo('standard', geo), 'standard');
});
