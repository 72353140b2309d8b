import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { valuesSchema } from '../scripts/chart-settings.ts';
import { envExample, settingsDoc } from '../scripts/settings-doc.ts';
import { SETTINGS } from '../src/settings/settings-table.ts';

const committed = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

test('docs/settings.md is what the settings table says (node scripts/write-settings-doc.ts writes it)', () => {
  assert.equal(committed('docs/settings.md'), settingsDoc());
});

test('deploy/.env.example is what the settings table says (node scripts/write-settings-doc.ts writes it)', () => {
  assert.equal(committed('deploy/.env.example'), envExample());
});

test('the chart takes the settings of the table (node scripts/write-settings-doc.ts writes its schema)', () => {
  assert.equal(committed('deploy/helm/streamlens/values.schema.json'), valuesSchema());
});

test('every setting says what it takes', () => {
  for (const { env, kind } of Object.values(SETTINGS)) {
    const reading = kind.read('');
    assert.ok(!reading.ok && reading.expected !== '', `${env} takes an empty text`);
  }
});

test('no two settings share a variable or, within a command, a flag', () => {
  const names = Object.values(SETTINGS).map(({ env }) => env);
  assert.equal(new Set(names).size, names.length);
});
