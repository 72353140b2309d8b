import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LibraryLookup } from './library-lookup.ts';
import { BUILT_IN_LIST } from './price-list.ts';

/** [provider as sent, model as sent, price list and model that it is, or null for unpriced] */
const NAMES: readonly (readonly [string, string, string | null])[] = [
  // Exact names, with and without a provider.
  ['openai', 'gpt-4.1-mini', 'openai gpt-4.1-mini'],
  ['', 'gpt-4.1-mini', 'openai gpt-4.1-mini'],
  ['', 'GPT-4o ', 'openai gpt-4o'],
  ['', 'o3', 'openai o3'],
  ['', 'claude-sonnet-4-5-20250929', 'anthropic claude-sonnet-4-5'],
  ['', 'gemini-2.5-flash', 'google gemini-2.5-flash'],
  ['', 'grok-4', 'x-ai grok-4-0709'],
  ['openai', 'text-embedding-3-small', 'openai text-embedding-3-small'],

  // Providers as OpenTelemetry, the AI SDK and other SDKs spell them.
  ['OpenAI', 'gpt-4o', 'openai gpt-4o'],
  ['openai.chat', 'gpt-4o', 'openai gpt-4o'],
  ['openai.responses', 'gpt-4o-mini', 'openai gpt-4o-mini'],
  ['azure.ai.openai', 'gpt-4o', 'openai gpt-4o'],
  ['az.ai.openai', 'gpt-35-turbo', 'openai gpt-3.5-turbo'],
  ['azure-openai.chat', 'gpt-4.1', 'openai gpt-4.1'],
  ['azure.ai.inference', 'Phi-4', 'azure phi-4'],
  ['aws.bedrock', 'amazon.nova-pro-v1:0', 'aws amazon.nova-pro-v1:0'],
  ['gcp.gemini', 'gemini-2.5-pro', 'google gemini-2.5-pro'],
  ['gcp.vertex_ai', 'gemini-2.0-flash', 'google gemini-2.0-flash'],
  ['vertex_ai', 'gemini-2.0-flash-001', 'google gemini-2.0-flash'],
  ['google.generative-ai', 'gemini-2.5-flash', 'google gemini-2.5-flash'],
  ['google.vertex.chat', 'gemini-2.5-flash', 'google gemini-2.5-flash'],
  ['x_ai', 'grok-3-mini', 'x-ai grok-3-mini'],
  ['xai.chat', 'grok-3', 'x-ai grok-3'],
  ['mistral_ai', 'mistral-large-latest', 'mistral mistral-large'],
  ['mistralai', 'codestral-2501', 'mistral codestral'],
  ['groq', 'llama-3.3-70b-versatile', 'groq llama-3.3-70b-versatile'],
  ['deepseek', 'deepseek-reasoner', 'deepseek deepseek-reasoner'],
  ['perplexity', 'sonar-pro', 'perplexity sonar-pro'],
  ['together_ai', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', 'together meta-llama/Llama-3.3-70B-Instruct-Turbo'],
  ['Amazon Bedrock', 'amazon.nova-micro-v1:0', 'aws amazon.nova-micro-v1:0'],

  // ARNs and ids as they stand in the path of a URL.
  [
    'aws.bedrock',
    'arn%3Aaws%3Abedrock%3Aus-east-1%3A123%3Ainference-profile%2Fus.anthropic.claude-opus-4-5-20251101-v1%3A0',
    'aws regional.anthropic.claude-opus-4-5-v1:0',
  ],
  ['', 'amazon.nova-pro-v1%3a0', 'aws amazon.nova-pro-v1:0'],
  ['aws.bedrock', 'application-profile%', null],

  // Claude's name in either order.
  ['anthropic', 'claude-4-5-sonnet', 'anthropic claude-sonnet-4-5'],
  ['', 'claude-4.1-opus', 'anthropic claude-opus-4-1'],
  ['', 'claude-4.5-sonnet-20250929', 'anthropic claude-sonnet-4-5'],
  ['anthropic', 'claude-sonnet-3.7', 'anthropic claude-3-7-sonnet-latest'],
  ['anthropic', 'claude-sonnet-4-5-20250929[1m]', 'anthropic claude-sonnet-4-5'],

  // OpenRouter's choice of a host has the price of the model, where all hosts ask the same.
  ['openrouter', 'openai/gpt-4o-mini:nitro', 'openrouter openai/gpt-4o-mini'],
  ['openrouter', 'anthropic/claude-sonnet-4.5:floor', 'openrouter anthropic/claude-sonnet-4.5'],
  ['openrouter', 'openai/gpt-4o-mini:exacto', 'openrouter openai/gpt-4o-mini'],
  ['openrouter', 'meta-llama/llama-3.3-70b-instruct:nitro', null],
  ['openrouter', 'openai/gpt-4o-mini:online', null],

  // Dates of snapshots, dots and dashes.
  ['openai', 'gpt-4.1-mini-2025-04-14', 'openai gpt-4.1-mini'],
  ['openai', 'gpt-4.1-mini-20250414', 'openai gpt-4.1-mini'],
  ['openai', 'gpt-4.1-mini-2031-01-01', 'openai gpt-4.1-mini'],
  ['openai', 'gpt-4-1-mini', 'openai gpt-4.1-mini'],
  ['anthropic', 'claude-3.5-sonnet', 'anthropic claude-3-5-sonnet'],
  ['anthropic', 'claude-opus-4-20250514', 'anthropic claude-opus-4-0'],
  ['openai', 'gpt-4o-2024-05-13', 'openai gpt-4o-2024-05-13'],

  // Hosts and regions within the name.
  ['', 'openai/gpt-4o', 'openai gpt-4o'],
  ['', 'azure/gpt-4o', 'openai gpt-4o'],
  ['', 'anthropic/claude-sonnet-4-20250514', 'anthropic claude-sonnet-4-0'],
  ['', 'gemini/gemini-2.5-pro', 'google gemini-2.5-pro'],
  ['gcp.gemini', 'models/gemini-2.5-pro', 'google gemini-2.5-pro'],
  ['', 'publishers/google/models/gemini-2.5-flash', 'google gemini-2.5-flash'],
  ['gcp.vertex_ai', 'claude-sonnet-4@20250514', 'google claude-4-sonnet'],
  ['', 'vertex_ai/claude-3-haiku@20240307', 'google claude-3-haiku'],
  ['', 'us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'aws regional.anthropic.claude-3-5-sonnet-20241022-v2:0'],
  ['anthropic', 'us.anthropic.claude-opus-4-5-20251101-v1:0', 'aws regional.anthropic.claude-opus-4-5-v1:0'],
  ['aws.bedrock', 'global.anthropic.claude-opus-4-5-20251101-v1:0', 'aws global.anthropic.claude-opus-4-5-v1:0'],
  ['AWS', 'claude-3-haiku-20240307-v1:0', 'aws regional.anthropic.claude-3-haiku-20240307-v1:0'],
  ['aws.bedrock', 'nova-lite-v1:0', 'aws amazon.nova-lite-v1:0'],
  ['', 'bedrock/eu.amazon.nova-lite-v1:0', 'aws amazon.nova-lite-v1:0'],
  ['', 'bedrock/converse/us.amazon.nova-pro-v1:0', 'aws amazon.nova-pro-v1:0'],
  [
    '',
    'bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0',
    'aws regional.anthropic.claude-3-haiku-20240307-v1:0',
  ],
  ['aws.bedrock', 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0', 'aws amazon.nova-pro-v1:0'],
  ['', 'accounts/fireworks/models/gpt-oss-120b', 'fireworks gpt-oss-120b'],
  ['fireworks', 'gpt-oss-120b', 'fireworks gpt-oss-120b'],
  ['', 'groq/llama-3.3-70b-versatile', 'groq llama-3.3-70b-versatile'],
  ['litellm', 'openai/gpt-4o', 'openai gpt-4o'],
  ['openrouter', 'anthropic/claude-sonnet-4', 'openrouter anthropic/claude-sonnet-4'],
  ['', 'openrouter/anthropic/claude-sonnet-4', 'openrouter anthropic/claude-sonnet-4'],
  ['openai', 'anthropic/claude-sonnet-4', 'anthropic claude-sonnet-4-0'],

  // Names that are no provider's: a model that one vendor or host has is its own.
  ['my-gateway', 'gpt-4o', 'openai gpt-4o'],
  ['my-gateway', 'us.anthropic.claude-opus-4-5-20251101-v1:0', 'aws regional.anthropic.claude-opus-4-5-v1:0'],
  ['my-gateway', 'sonar-pro', 'perplexity sonar-pro'],
  ['', 'llama-3.3-70b-versatile', 'groq llama-3.3-70b-versatile'],
  ['my-gateway', 'llama-3.1-8b', null],
  ['strands-agents', 'gpt-4o', 'openai gpt-4o'],

  // Fine-tuned models have the price that is listed for them, or none.
  ['openai', 'ft:gpt-4o-mini-2024-07-18:org::id', 'openai ft:gpt-4o-mini'],
  ['', 'ft:gpt-4o-2024-08-06:org::id', 'openai ft:gpt-4o'],
  ['openai', 'ft:gpt-4.1-2025-04-14:org::id', null],
  ['openai', 'ft:gpt-4o:org::id', null],
  ['mistral_ai', 'ft:open-mistral-7b:org:20250101:id', null],
  ['gcp.vertex_ai', 'tunedmodels/my-gemini', null],
  ['', 'accounts/my-company/models/llama-tuned', null],
  ['', 'arn:aws:bedrock:us-east-1:123:provisioned-model/abc', null],
  ['', 'arn:aws:bedrock:us-east-1:123:custom-model/anthropic.claude-3-haiku-20240307-v1:0/x', null],

  ['aws.bedrock', 'arn:aws:bedrock:us-east-1:123:custom-model/anthropic.claude-3-haiku-20240307-v1:0/x', null],
  ['azure.ai.openai', 'o4-mini-2025-04-16.ft-0123abcd', null],
  ['azure.ai.openai', 'gpt-4o-mini-2024-07-18.ft-0123abcd', 'openai gpt-4o-mini-2024-07-18.ft-'],
  ['gcp.vertex_ai', 'tunedModels/gemini-1.5-flash-mine', null],
  ['gcp.vertex_ai', 'projects/p/locations/l/endpoints/gemini-1.5-flash', null],

  // Nobody knows who bills these.
  ['', 'llama-3.1-8b', null],
  // Azure hosts open models at prices of its own, and OpenAI none at all.
  ['azure.ai.inference', 'DeepSeek-R1', null],
  ['azure.ai.openai', 'gpt-oss-120b', null],
  ['openai', 'gpt-oss-120b', null],
  ['snowflake.cortex', 'claude-4-sonnet', null],
  ['ollama', 'llama3', null],
  ['vllm', 'gpt-oss-120b', null],
  ['', 'google/gemma-3-27b-it', null],
  ['', 'mistralai/mixtral-8x7b-instruct', null],
  ['openai', 'deepseek/deepseek-chat', null],
  ['openai', 'llama-3.3-70b-versatile', null],
  ['openai', 'claude-sonnet-4-0', null],
  ['anthropic', 'gpt-4o', null],

  // No such model, however near.
  ['openai', 'gpt-9', null],
  ['openai', 'gpt-4o-ultra', null],
  ['openai', 'gpt-4.1-mini-custom', null],
  ['openai', 'gpt-5-nano-turbo', null],
  ['openai', 'gpt-4.5-preview-ultra', null],
  ['anthropic', 'claude-sonnet-5-5', null],
  ['anthropic', 'claude-opus-4-5-max', null],
  ['anthropic', 'my-claude-opus-4-5', null],
  ['google', 'gemini-2.5-pro-ultra', null],
  ['google', 'gemini-1.5-flash-lite', null],
  ['aws', 'us.anthropic.claude-sonnet-5-5-v1:0', null],
  ['openrouter', 'openai/gpt-4o:online', null],
  ['watsonx', 'mistral-large', null],
  ['', '', null],
  ['openai', '', null],
  ['', '/', null],
  ['__proto__', 'constructor', null],
  ['constructor', '__proto__', null],
];

const lookup = new LibraryLookup(BUILT_IN_LIST.providers);
for (const [provider, model, expected] of NAMES) {
  test(`the model '${model}' of '${provider}' is ${expected ?? 'unpriced'}`, () => {
    const found = lookup.find(provider, model);
    assert.equal(found && `${found.providerId} ${found.model.id}`, expected);
  });
}

test('a name of the greatest length, made to be slow, is looked up within a moment', () => {
  const before = process.cpuUsage();
  for (const part of ['a-', '1-', '1.', 'us.', 'projects/', '-20250101', '@1', '/', 'models/']) {
    for (const provider of ['', 'google', 'aws', 'openai', 'openrouter']) {
      lookup.find(provider, part.repeat(255 / part.length));
      lookup.find(part.repeat(255 / part.length), 'gpt-4o');
    }
  }
  assert.ok(process.cpuUsage(before).user < 500_000);
});
