import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPrice } from './price-builders.contract.ts';
import { type PriceOverride, PriceOverrides } from './price-override.ts';

/** Its source is its name: which one wins is all that is asked here. */
function anOverride(source: string, parts: Partial<PriceOverride> = {}): PriceOverride {
  return {
    provider: null,
    model: 'm',
    serviceTier: null,
    fromMs: null,
    bands: [aPrice({ input: 1 }, { source })],
    ...parts,
  };
}

const sourcesOf = (overrides: readonly PriceOverride[], provider = 'openai', model = 'm'): readonly unknown[] =>
  new PriceOverrides(overrides).periodsOf(provider, model, '').map(({ bands }) => bands?.[0].source);

/** From the weakest to the strongest. */
const LADDER: readonly PriceOverride[] = [
  anOverride('glob', { model: 'm*' }),
  anOverride('longer glob', { model: '*m*' }),
  anOverride('glob of a provider', { model: '*', provider: 'openai' }),
  anOverride('exact'),
  anOverride('exact, from', { fromMs: 5 }),
  anOverride('exact of a provider', { provider: 'openai' }),
  anOverride('exact of a provider and tier', { provider: 'openai', serviceTier: '' }),
];

test('the more an entry says the stronger it is, in whatever order the file has them', () => {
  const expected = LADDER.map(({ bands }) => bands[0].source);
  assert.deepEqual(sourcesOf(LADDER), expected);
  assert.deepEqual(sourcesOf(LADDER.toReversed()), expected);
});

test('a newer glob does not replace an older exact entry', () => {
  const sources = sourcesOf([anOverride('glob', { model: 'm*', fromMs: 900 }), anOverride('exact', { fromMs: 1 })]);
  assert.deepEqual(sources, ['glob', 'exact']);
});

test('entries of one name stand in order of their dates, and tell them', () => {
  const overrides = new PriceOverrides([
    anOverride('late', { fromMs: 20 }),
    anOverride('always'),
    anOverride('early', { fromMs: 10 }),
  ]);
  assert.deepEqual(
    overrides.periodsOf('', 'm', '').map(({ when }) => when),
    [{ kind: 'always' }, { kind: 'from', fromMs: 10 }, { kind: 'from', fromMs: 20 }],
  );
});

test('dates of two globs of one length do not mix', () => {
  const globs = [
    anOverride('a1', { model: 'a*', fromMs: 1 }),
    anOverride('b2', { model: '*b', fromMs: 2 }),
    anOverride('a3', { model: 'a*', fromMs: 3 }),
    anOverride('b4', { model: '*b', fromMs: 4 }),
  ];
  assert.deepEqual(sourcesOf(globs, '', 'ab'), ['b2', 'b4', 'a1', 'a3']);
});

test('a provider is known by each of its spellings, a model in each case', () => {
  const azure = [anOverride('azure', { provider: 'Azure OpenAI', model: ' Prod-* ' })];
  assert.deepEqual(sourcesOf(azure, 'az.ai.openai', ' PROD-chat'), ['azure']);
  assert.deepEqual(sourcesOf(azure, 'openai', 'prod-chat'), []);
  assert.deepEqual(sourcesOf(azure, '', 'prod-chat'), []);
  assert.deepEqual(sourcesOf(azure, 'azure', 'my-prod-chat'), []);
});

test('an entry for one tier says nothing of the others', () => {
  const overrides = new PriceOverrides([anOverride('flex', { serviceTier: 'flex' })]);
  assert.equal(overrides.periodsOf('', 'm', 'flex').length, 1);
  assert.deepEqual(overrides.periodsOf('', 'm', ''), []);
});
