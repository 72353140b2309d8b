import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOOR_SETTINGS } from './door-settings.ts';
import { readSettings, settingsOf } from './read-settings.ts';

test('without a word nobody needs a key, and nothing is limited', () => {
  const { apiKeys, rateLimit, rateLimitBytes, tenantRateLimit } = readSettings('up', { flags: {}, env: {} });
  assert.deepEqual([apiKeys, rateLimit, rateLimitBytes, tenantRateLimit], ['off', Infinity, Infinity, Infinity]);
});

test('limits are for whoever takes events, sessions for whoever shows pages', () => {
  const readBy = (command: 'ingestion-api' | 'metrics-api'): readonly string[] =>
    settingsOf(command).flatMap(([name]) => (name in DOOR_SETTINGS ? [name] : []));
  assert.ok(readBy('metrics-api').includes('sessionLifetimeMs') && !readBy('metrics-api').includes('rateLimit'));
  assert.ok(!readBy('ingestion-api').includes('sessionLifetimeMs'));
});
