import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWholeName } from './whole-name.ts';

test('a date, a version or a path beside the name leaves it the same model', () => {
  for (const name of ['claude-sonnet-5', 'claude-sonnet-5-20250929', 'claude-sonnet-5-latest']) {
    assert.equal(isWholeName({ starts_with: 'claude-sonnet-5' }, name), true, name);
  }
  assert.equal(isWholeName({ contains: 'claude-sonnet-5' }, 'bedrock/claude-sonnet-5'), true);
});

test('a newer model that begins with the name of an older one is another', () => {
  assert.equal(isWholeName({ starts_with: 'claude-sonnet-5' }, 'claude-sonnet-5-5'), false);
  assert.equal(isWholeName({ equals: 'GPT-4' }, 'gpt-4'), true);
});
