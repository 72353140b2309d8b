import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './read-settings.ts';
import { RECONCILE_SETTINGS } from './reconcile-settings.ts';

test('whatever opens an account of a provider is a secret, and no error repeats it', () => {
  const { providerUrl, ...keys } = RECONCILE_SETTINGS;
  for (const [name, { env, kind }] of Object.entries(keys)) {
    assert.ok(kind.isSecret, env);
    const given = () => readSettings('reconcile', { flags: { [name]: '' }, env: {} });
    assert.throws(given, ({ message }: Error) => message.endsWith('got a value that is kept secret'), env);
  }
  assert.ok(!('isSecret' in providerUrl.kind));
});
