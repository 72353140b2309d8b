import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Setting } from './setting.ts';
import { TRAFFIC_SETTINGS } from './traffic-settings.ts';

test('each default of the traffic settings is what the setting itself takes', () => {
  const refused = Object.entries<Setting<unknown>>(TRAFFIC_SETTINGS).flatMap(([name, { kind, fallback = [] }]) => {
    const texts = typeof fallback === 'string' ? [fallback] : Object.values(fallback);
    return texts.filter((text) => !kind.read(text).ok).map((text) => `${name}: ${text}`);
  });
  assert.deepEqual(refused, []);
});
