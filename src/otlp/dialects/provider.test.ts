import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeProvider } from './provider.ts';

const NAMES: readonly (readonly [sent: string, provider: string])[] = [
  ['openai', 'openai'],
  ['OpenAI', 'openai'],
  ['openai.chat', 'openai'],
  ['open_ai', 'openai'],
  ['openinference-proxy', 'openinference-proxy'],
  ['openai.responses', 'openai'],
  ['anthropic.messages', 'anthropic'],
  ['xai', 'x_ai'],
  ['xai.chat', 'x_ai'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['google.vertex.chat', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['gemini', 'gcp.gemini'],
  ['google.generative-ai', 'gcp.gemini'],
  ['vertex.anthropic.messages', 'gcp.vertex_ai'],
  ['googleVertex.anthropic.messages', 'gcp.vertex_ai'],
  ['google_vertex_ai_gemini', 'gcp.vertex_ai'],
  ['google', 'gcp.gemini'],
  ['gcp.gemini', 'gcp.gemini'],
  ['gcp.vertex_ai', 'gcp.vertex_ai'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['amazon_bedrock', 'aws.bedrock'],
  ['Amazon Bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['aws.bedrock', 'aws.bedrock'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure-openai.chat', 'azure.ai.openai'],
  ['azure.ai.openai', 'azure.ai.openai'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['azure_open_ai', 'azure.ai.openai'],
  ['AzureOpenAI', 'azure.ai.openai'],
  ['azure', 'azure.ai.inference'],
  ['microsoft_foundry', 'azure.ai.inference'],
  ['watsonx', 'ibm.watsonx.ai'],
  ['mistral.chat', 'mistral_ai'],
  ['mistral_ai', 'mistral_ai'],
  ['ibm.watsonx.ai', 'ibm.watsonx.ai'],
  ['groq.chat', 'groq'],
  ['my-own-server', 'my-own-server'],
];

for (const [sent, provider] of NAMES) {
  test(`provider ${sent} is ${provider}`, () => {
    assert.equal(normalizeProvider(sent), provider);
  });
}

test('a framework that writes its own name names no provider', () => {
  for (const name of [
    'strands-agents',
    'gcp.vertex.agent',
    'LangChain',
    'crewai',
    'semantic_kernel',
    'other',
    '',
    null,
  ]) {
    assert.equal(normalizeProvider(name), null, String(name));
  }
});
