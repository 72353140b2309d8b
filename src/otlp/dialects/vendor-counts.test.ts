import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../call.ts';
import type { AttributeValue } from '../decode/trace-export.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { SpanReader } from './span-reader.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Prompt, cached and written tokens of a call of 2,000 that took 1,000 from the cache and gave it 500. */
function promptOf(scopeName: string, attributes: Attributes, name = 'chat'): readonly (number | null)[] {
  const call = readCall(new SpanReader(aSpan({ attributes, scopeName, name })), 'chat');
  return [call.promptTokens, call.cachedTokens, call.cacheWriteTokens];
}

/** The AI SDK before its version 6. */
const aiSdk = (provider: string, model: string) =>
  promptOf('ai', {
    'ai.model.provider': provider,
    'ai.model.id': model,
    'ai.usage.inputTokens': 2000,
    'ai.usage.outputTokens': 100,
    'ai.usage.totalTokens': 2100,
    'ai.usage.cachedInputTokens': 1000,
    'ai.response.providerMetadata': '{"anthropic":{"cacheCreationInputTokens":500}}',
  });

const agno = (provider: string, model: string, scopeName = 'openinference.instrumentation.agno') =>
  promptOf(scopeName, {
    'llm.provider': provider,
    'llm.model_name': model,
    'llm.token_count.prompt': 2000,
    'llm.token_count.completion': 100,
    'llm.token_count.total': 2100,
    'llm.token_count.prompt_details.cache_read': 1000,
    'llm.token_count.prompt_details.cache_write': 500,
  });

const BESIDE = [3500, 1000, 500];
const INSIDE = [2000, 1000, 500];

test('of Claude the AI SDK 5 hands on what the API says, whoever serves it', () => {
  assert.deepEqual(aiSdk('anthropic.messages', 'claude-sonnet-4-5'), BESIDE);
  assert.deepEqual(aiSdk('vertex.anthropic.messages', 'claude-sonnet-4-5@20250929'), BESIDE);
  assert.deepEqual(aiSdk('gateway', 'anthropic/claude-sonnet-4.5'), BESIDE);
});

test('whoever speaks as OpenAI does counts the cache inside, also of Claude', () => {
  assert.deepEqual(aiSdk('openrouter', 'anthropic/claude-sonnet-4.5'), INSIDE);
  assert.deepEqual(aiSdk('gateway', 'openai/gpt-5'), INSIDE);
  assert.deepEqual(agno('OpenRouter', 'anthropic/claude-sonnet-4.5'), INSIDE);
});

test("Agno copies the counts of each vendor's API, and adds up a total of its own", () => {
  assert.deepEqual(agno('Anthropic', 'claude-sonnet-4-5'), BESIDE);
  assert.deepEqual(agno('AwsBedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'), BESIDE);
  assert.deepEqual(agno('OpenAI', 'gpt-5'), INSIDE);
  assert.deepEqual(agno('anthropic', 'claude-sonnet-4-5', 'openinference.instrumentation.pipecat'), BESIDE);
});

const novaOf = (name: string, counts: Attributes) =>
  promptOf(
    'openinference.instrumentation.bedrock',
    {
      'llm.model_name': 'amazon.nova-pro-v1:0',
      'llm.token_count.completion': 100,
      'llm.token_count.prompt_details.cache_read': 1000,
      'llm.token_count.prompt_details.cache_write': 500,
      ...counts,
    },
    name,
  );

test('of Nova OpenInference copies the counts of InvokeModel, and adds the three of Converse', () => {
  const copied = { 'llm.token_count.prompt': 2000, 'llm.token_count.total': 2100 };
  assert.deepEqual(novaOf('bedrock.invoke_model', copied), BESIDE);
  const added = { 'llm.token_count.prompt': 3500, 'llm.token_count.total': 3600 };
  assert.deepEqual(novaOf('bedrock.converse', added), BESIDE);
  // Before it did, the total of the API told.
  assert.deepEqual(novaOf('bedrock.converse', { ...copied, 'llm.token_count.total': 3600 }), BESIDE);
});

const mlflow = (inputTokens: number, answered: object) =>
  promptOf('mlflow', {
    'mlflow.message.format': '"anthropic"',
    'mlflow.chat.tokenUsage': JSON.stringify({
      input_tokens: inputTokens,
      output_tokens: 100,
      total_tokens: inputTokens + 100,
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 500,
      cache_creation_input_tokens_above_1hr: 200,
    }),
    'mlflow.spanOutputs': JSON.stringify(answered),
  });

test("MLflow adds the cache to Anthropic's input, but for versions that copied what the answer says", () => {
  const usage = { input_tokens: 2000, output_tokens: 100, cache_read_input_tokens: 1000 };
  assert.deepEqual(mlflow(3500, { usage }), BESIDE);
  assert.deepEqual(mlflow(3500, {}), BESIDE);
  assert.deepEqual(mlflow(2000, { usage }), BESIDE);
});

test("what OpenInference's processor for Strands left in the metadata completes the usage", () => {
  const counts = promptOf('strands.telemetry.tracer', {
    metadata: '{"gen_ai.usage.cache_read_input_tokens":35574,"gen_ai.usage.cache_write_input_tokens":17787}',
    'llm.model_name': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'llm.token_count.prompt': 4299,
    'llm.token_count.completion': 631,
    'llm.token_count.total': 58_291,
  });
  assert.deepEqual(counts, [57_660, 35_574, 17_787]);
});

const agentFramework = (provider: string, model: string) =>
  promptOf('agent_framework', {
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': model,
    'gen_ai.usage.input_tokens': 2000,
    'gen_ai.usage.output_tokens': 100,
    'gen_ai.usage.cache_read.input_tokens': 1000,
    'gen_ai.usage.cache_creation.input_tokens': 500,
  });

test("Microsoft's Agent Framework copies the counts of each vendor's API", () => {
  assert.deepEqual(agentFramework('anthropic', 'claude-sonnet-4-5'), BESIDE);
  assert.deepEqual(agentFramework('azure.ai.foundry', 'claude-sonnet-4-5'), BESIDE);
  assert.deepEqual(agentFramework('azure.ai.openai', 'gpt-5'), INSIDE);
});

test('OpenLIT copies the counts of Anthropic in Python and in Node.js', () => {
  const counts = {
    'gen_ai.usage.input_tokens': 2000,
    'gen_ai.usage.output_tokens': 100,
    'gen_ai.usage.total_tokens': 2100,
    'gen_ai.usage.cache_read.input_tokens': 1000,
    'gen_ai.usage.cache_creation.input_tokens': 500,
  };
  assert.deepEqual(promptOf('openlit.instrumentation.anthropic', counts), BESIDE);
  assert.deepEqual(promptOf('@openlit/instrumentation-anthropic', counts), BESIDE);
});

test("OpenLIT has Gemini's thoughts beside the output", () => {
  const attributes = {
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 50,
    'gen_ai.usage.reasoning_tokens': 20,
  };
  for (const scopeName of ['openlit.instrumentation.google_ai_studio', '@openlit/instrumentation-google-ai']) {
    assert.equal(readCall(new SpanReader(aSpan({ attributes, scopeName })), 'chat').completionTokens, 70, scopeName);
  }
});

test("Rig has Gemini's thoughts beside the output, and what its tools put into the prompt beside that", () => {
  const counts = {
    'gen_ai.usage.input_tokens': 1000,
    'gen_ai.usage.output_tokens': 200,
    'gen_ai.usage.cache_read.input_tokens': 0,
    'gen_ai.usage.tool_use_prompt_tokens': 120,
    'gen_ai.usage.reasoning_tokens': 50,
  };
  const of = (attributes: Attributes) => readCall(new SpanReader(aSpan({ attributes })), 'chat');
  const gemini = of({ 'gen_ai.provider.name': 'gcp.gemini', ...counts });
  assert.deepEqual([gemini.promptTokens, gemini.completionTokens, gemini.reasoningTokens], [1120, 250, 50]);
  const openai = of({ 'gen_ai.provider.name': 'openai', ...counts, 'gen_ai.usage.tool_use_prompt_tokens': 0 });
  assert.deepEqual([openai.promptTokens, openai.completionTokens, openai.reasoningTokens], [1000, 200, 50]);
});

test("TanStack AI copies the counts of each vendor's API, whatever the application calls its tracer", () => {
  const counts = {
    'tanstack.ai.iteration': 0,
    'gen_ai.usage.input_tokens': 2000,
    'gen_ai.usage.output_tokens': 100,
    'gen_ai.usage.total_tokens': 2100,
    'gen_ai.usage.cache_read.input_tokens': 1000,
    'gen_ai.usage.cache_creation.input_tokens': 500,
  };
  assert.deepEqual(promptOf('my-app', { 'gen_ai.system': 'anthropic', ...counts }), BESIDE);
  assert.deepEqual(promptOf('my-app', { 'gen_ai.system': 'openrouter', ...counts }), INSIDE);
});

test('the AI SDK for Python adds what the cache gave to the input of Claude, and not what it took', () => {
  const promptBy = (provider: string, cacheTokens: number) => {
    const attributes = {
      'gen_ai.provider.name': provider,
      'gen_ai.usage.input_tokens': 3000,
      'gen_ai.usage.output_tokens': 100,
      'gen_ai.usage.cache_read.input_tokens': cacheTokens,
      'gen_ai.usage.cache_creation.input_tokens': 500,
    };
    const span = aSpan({ attributes, scopeName: 'ai', resource: { 'telemetry.sdk.language': 'python' } });
    return readCall(new SpanReader(span), 'chat').promptTokens;
  };
  assert.equal(promptBy('anthropic', 1000), 3500);
  assert.equal(promptBy('anthropic', 0), 3500);
  assert.equal(promptBy('ai-gateway', 1000), 3000);
});
