import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPrice } from '../../prices/price-builders.contract.ts';
import { BUILT_IN_LIST } from '../../prices/price-list.ts';
import type { PriceOverride } from '../../prices/price-override.ts';
import { readSettings } from '../../settings/read-settings.ts';
import { countingSettings } from './counting-settings.ts';

const told = (env: Record<string, string>, overrides: readonly PriceOverride[] = []) =>
  countingSettings(readSettings('metrics-processor', { flags: {}, env }), { overrides, list: BUILT_IN_LIST });

const priced = (input: number, source: string): PriceOverride => ({
  provider: null,
  model: 'm',
  serviceTier: null,
  fromMs: null,
  bands: [aPrice({ input }, { kind: 'file', source })],
});

test('a processor tells how it counts as a person would write it, and no secret', () => {
  const secret = 'postgres://u:geheim@db/x';
  const settings = told({ POSTGRES_DSN: secret, JOIN_TIMEOUT: '60m', METRICS_RETENTION: 'forever' });
  assert.deepEqual(
    [
      settings['JOIN_TIMEOUT'],
      settings['METRICS_RETENTION'],
      settings['MAX_SERIES_PER_TENANT'],
      settings['PRICES_FILE'],
    ],
    ['1h', 'forever', '10000', 'none'],
  );
  assert.ok(!JSON.stringify(settings).includes('geheim'));
});

test('price files tell of the same prices where their prices are, wherever these stand in them', () => {
  const one = told({}, [priced(5, '/a/prices.yaml line 3')])['PRICES_FILE'];
  assert.match(one ?? '', /^1 prices, [0-9a-f]{12}$/);
  assert.equal(told({}, [priced(5, '/b/prices.yaml line 9')])['PRICES_FILE'], one);
  assert.notEqual(told({}, [priced(6, '/a/prices.yaml line 3')])['PRICES_FILE'], one);
});
