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
  ['azure.openai', 'azure.ai.openai'],
  ['gcp.anthropic', 'gcp.vertex_ai'],
  ['az.ai.agents', 'azure.ai.inference'],
  ['langgenius/azure_openai/azure_openai', 'azure.ai.openai'],
  ['langgenius/openai/openai', 'openai'],
  ['aws.anthropic', 'aws.bedrock'],
  ['azure', 'azure.ai.inference'],
  ['microsoft_foundry', 'azure.ai.inference'],
  ['watsonx', 'ibm.watsonx.ai'],
  ['mistral.chat', 'mistral_ai'],
  ['mistral_ai', 'mistral_ai'],
  ['ibm.watsonx.ai', 'ibm.watsonx.ai'],
  ['groq.chat', 'groq'],
  ['my-own-server', 'my-own-server'],
  ['google_anthropic_vertex', 'gcp.vertex_ai'],
  ['microsoft.foundry', 'azure.ai.inference'],
  // The address of an API in the provider's place.
  ['api.openai.com', 'openai'],
  ['eu.api.openai.com', 'openai'],
  ['acme.openai.azure.com', 'azure.ai.openai'],
  ['acme.services.ai.azure.com', 'azure.ai.inference'],
  ['api.anthropic.com', 'anthropic'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['us-east5-aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['bedrock-runtime.us-east-1.amazonaws.com', 'aws.bedrock'],
  ['api.x.ai', 'x_ai'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.groq.com', 'groq'],
  ['api.cerebras.ai', 'cerebras'],
  ['openrouter.ai', 'openrouter'],
  ['api.together.xyz', 'together'],
  ['llm.acme.com', 'llm'],
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
