import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIMENSION_SETTINGS } from './dimension-settings.ts';

const read = (text: string) => DIMENSION_SETTINGS.metricDimensions.kind.read(text);

test('dimensions are named once each, by the names that there are', () => {
  const reading = read('user, session,agent,team,metadata.cost_center,metadata.gen_ai.agent.name');
  assert.deepEqual(reading, {
    ok: true,
    value: ['user', 'session', 'agent', 'team', 'metadata.cost_center', 'metadata.gen_ai.agent.name'],
  });
});

test('other names, repeated ones and too many are refused', () => {
  const tooMany = Array.from({ length: 9 }, (_, i) => `metadata.k${i}`).join();
  for (const text of ['', 'users', 'user,', 'user,user', 'metadata.', 'metadata', 'route', 'metadata.a b', tooMany]) {
    assert.equal(read(text).ok, false, text);
  }
});
