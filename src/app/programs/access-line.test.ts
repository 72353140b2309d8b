import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../settings/read-settings.ts';
import { accessLine } from './access-line.ts';

const settingsOf = (env: Record<string, string>) => readSettings('up', { flags: {}, env });

test('without keys it binds to loopback unless HOST says otherwise, with keys to all addresses', () => {
  assert.equal(settingsOf({}).host, '127.0.0.1');
  assert.equal(settingsOf({ API_KEYS: 'required' }).host, '0.0.0.0');
  assert.equal(settingsOf({ HOST: '0.0.0.0' }).host, '0.0.0.0');
  assert.equal(settingsOf({ API_KEYS: 'required', HOST: '::1' }).host, '::1');
  for (const role of ['ingestion-api', 'metrics-processor', 'metrics-api'] as const) {
    assert.equal(readSettings(role, { flags: {}, env: {} }).host, '127.0.0.1', role);
  }
});

test('the start says where it is bound and whether keys are required, and warns where anybody gets in', () => {
  assert.match(accessLine(settingsOf({})), /127\.0\.0\.1, reached from this machine only .* not required/);
  assert.match(accessLine(settingsOf({ HOST: '0.0.0.0' })), /0\.0\.0\.0 \(HOST\); WARNING: .*not required/);
  assert.match(accessLine(settingsOf({ API_KEYS: 'required' })), /0\.0\.0\.0 \(HOST\); API keys are required/);
});
