import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RETENTION_SETTINGS } from './retention-settings.ts';
import type { Setting } from './setting.ts';

test('each default of the retention settings is what the setting itself takes', () => {
  const refused = Object.entries<Setting<unknown>>(RETENTION_SETTINGS).flatMap(([name, { kind, fallback = [] }]) => {
    const texts = typeof fallback === 'string' ? [fallback] : Object.values(fallback);
    return texts.filter((text) => !kind.read(text).ok).map((text) => `${name}: ${text}`);
  });
  assert.deepEqual(refused, []);
});
