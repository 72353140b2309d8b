import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCustomModel, routedName, soleOwner, spellings } from './model-name.ts';

const PROFILE = 'arn:aws:bedrock:eu-west-1:1234:inference-profile/';

test('a model that somebody trained or reserved is told from a public one', () => {
  const custom = [
    'ft:gpt-4o-2024-08-06:acme::1',
    'gpt-4o-2024-08-06.ft-0123',
    'tunedmodels/mine',
    'projects/p/locations/l/endpoints/1',
    'arn:aws:bedrock:us-east-1:1234:custom-model/mine',
    'arn:aws:bedrock:us-east-1:1234:provisioned-model/p',
  ];
  const open = ['gpt-4o', 'soft-1', `${PROFILE}eu.anthropic.claude-sonnet-4-5`, 'models/gemini-2.5-pro'];
  assert.deepEqual([...custom, ...open].filter(isCustomModel), custom);
});

test('a name that says who serves the model leads to that list, without the route', () => {
  const routes: Readonly<Record<string, readonly [string, string]>> = {
    'us.anthropic.claude-sonnet-4-5': ['aws', 'us.anthropic.claude-sonnet-4-5'],
    'amazon.nova-pro-v1:0': ['aws', 'amazon.nova-pro-v1:0'],
    [`${PROFILE}eu.amazon.nova`]: ['aws', `${PROFILE}eu.amazon.nova`],
    'accounts/fireworks/models/kimi-k2': ['fireworks', 'accounts/fireworks/models/kimi-k2'],
    '@cf/meta/llama-3-8b': ['cloudflare', '@cf/meta/llama-3-8b'],
    'publishers/google/models/gemini-2.5-pro': ['google', 'publishers/google/models/gemini-2.5-pro'],
    'ft:gpt-4o:acme': ['openai', 'ft:gpt-4o:acme'],
    'bedrock/anthropic.claude-3': ['aws', 'anthropic.claude-3'],
    'vertex_ai/gemini-2.5-pro': ['google', 'gemini-2.5-pro'],
    'openrouter/openai/gpt-4o': ['openrouter', 'openai/gpt-4o'],
    'google/gemini-2.5-pro': ['google', 'gemini-2.5-pro'],
  };
  for (const [name, [providerId, rest]] of Object.entries(routes)) {
    assert.deepEqual(routedName(name), { providerId, name: rest }, name);
  }
});

test('a name says nothing of who serves it where its first part is none of the known routes', () => {
  const silent = ['gpt-4o', '/gpt-4o', 'acme/gpt-4o', 'meta-llama/llama-3', 'google/gemma-3-27b', 'anthropic.a/b'];
  assert.deepEqual(
    silent.map(routedName),
    silent.map(() => null),
  );
});

test('a bare name has an owner only where no other vendor has models of such a name', () => {
  const owners = ['text-embedding-3-small', 'sonar', 'sonar-pro', 'llama-3.3-70b-versatile', 'rerank-v3.5'];
  assert.deepEqual(owners.map(soleOwner), ['openai', 'perplexity', 'perplexity', 'groq', 'cohere']);
  const shared = ['sonarqube', 'text-embedding-004', 'llama-3.3-70b', 'my-tts-1', 'rerank-lite'];
  assert.deepEqual(
    shared.map(soleOwner),
    shared.map(() => null),
  );
});

test('a name is looked for as it came first, then with its version written otherwise, without its date last', () => {
  assert.deepEqual(spellings('anthropic', 'claude-3.5-sonnet-20241022'), [
    'claude-3.5-sonnet-20241022',
    'claude-3.5-sonnet-2024-10-22',
    'claude-3-5-sonnet-20241022',
    'claude-3-5-sonnet-2024-10-22',
    'claude-3.5-sonnet',
    'claude-3-5-sonnet',
  ]);
});

test('sizes, dates and numbers of several digits are no versions', () => {
  assert.deepEqual(spellings('groq', 'llama-3-8b'), ['llama-3-8b']);
  assert.deepEqual(spellings('openai', 'gpt-4-32k'), ['gpt-4-32k']);
  assert.deepEqual(spellings('mistral', 'open-8x22b-24.11'), ['open-8x22b-24.11']);
  assert.deepEqual(spellings('openai', 'gpt-4-20241399'), ['gpt-4-20241399']);
});

test('the name of a fine-tuned model never becomes that of its base model', () => {
  assert.deepEqual(spellings('openai', 'ft:gpt-4.1-2025-04-14:acme'), ['ft:gpt-4.1-2025-04-14:acme']);
});

test('a name on a host is also looked for without the host, and only on that host', () => {
  assert.ok(spellings('google', 'publishers/google/models/gemini-2.5-pro').includes('gemini-2.5-pro'));
  assert.ok(spellings('openai', 'openai/gpt-4o').includes('gpt-4o'));
  assert.ok(!spellings('azure', 'openai/gpt-4o').includes('gpt-4o'));
  assert.ok(spellings('fireworks', 'kimi-k2').includes('accounts/fireworks/models/kimi-k2'));
  assert.ok(!spellings('groq', 'kimi-k2').includes('accounts/fireworks/models/kimi-k2'));
});

test('Vertex AI writes behind an at sign what Anthropic writes behind a dash', () => {
  assert.ok(spellings('anthropic', 'claude-sonnet-4@20250514').includes('claude-sonnet-4-20250514'));
  assert.deepEqual(spellings('openai', 'm@1'), ['m@1']);
});

test('an id of Bedrock is found behind ARN, route and geography, and without its vendor', () => {
  assert.ok(spellings('aws', `${PROFILE}eu.amazon.nova-pro-v1:0`).includes('amazon.nova-pro-v1:0'));
  assert.ok(spellings('aws', 'bedrock/converse/us-east-1/meta.llama3').includes('meta.llama3'));
  assert.ok(spellings('aws', 'nova-pro').includes('amazon.nova-pro'));
  // It is 10 % cheaper than the one without.
  const everywhere = spellings('aws', 'global.anthropic.claude-sonnet-4-5');
  assert.ok(everywhere.every((name) => name.startsWith('global.')));
});
