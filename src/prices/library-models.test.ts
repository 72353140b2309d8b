import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calcPrice, type MatchLogic, type Provider, waitForUpdate } from '@pydantic/genai-prices';
import { LibraryModels } from './library-models.ts';
import { BUILT_IN_LIST } from './price-list.ts';

const PROVIDERS: readonly Provider[] = (await waitForUpdate()) ?? [];

/** Every text that stands in a matching rule. */
function textsOf(rule: MatchLogic): readonly string[] {
  if ('or' in rule) return rule.or.flatMap(textsOf);
  if ('and' in rule) return rule.and.flatMap(textsOf);
  return Object.values(rule);
}

test('a name finds the model that the library itself finds, in every price list', () => {
  const models = new LibraryModels(BUILT_IN_LIST.providers);
  let found = 0;
  for (const provider of PROVIDERS) {
    const texts = provider.models.flatMap((model) => [model.id, ...textsOf(model.match)]);
    const names = texts.flatMap((text) => [text, `x${text}`, `${text}x`, `${text}-2025-04-14`, `${text}-v1:0`]);
    names.push('gpt-4o', 'claude-sonnet-4-0', 'o3', 'grok-4', 'kimi-k2', 'no-such-model');
    for (const name of names) {
      const theirs = calcPrice({}, name, { providerId: provider.id });
      const ours = models.find(provider.id, name.toLowerCase().trim());
      assert.equal(ours?.model.id, theirs?.model.id, `${provider.id}: ${name}`);
      if (ours !== null) found++;
    }
  }
  assert.ok(found > 2000, `${found} names found`);
});

test('a provider that the library does not know has no models', () => {
  assert.equal(new LibraryModels(BUILT_IN_LIST.providers).find('ollama', 'llama3'), null);
  assert.equal(new LibraryModels(BUILT_IN_LIST.providers).find('my-openai-clone', 'gpt-4o'), null);
});
