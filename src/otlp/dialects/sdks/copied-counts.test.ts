import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { SpanReader } from '../span-reader.ts';

type Given = Readonly<Record<string, AttributeValue>>;

function promptOf(scopeName: string, given: Given, resource: Given = {}): number | null {
  const attributes = { 'gen_ai.usage.input_tokens': 2000, 'gen_ai.usage.output_tokens': 10, ...given };
  return readCall(new SpanReader(aSpan({ scopeName, attributes, resource })), 'chat').promptTokens;
}

test('agentgateway copies the counts of the API, which for Anthropic and Bedrock leave the cache out', () => {
  const cached = { 'gen_ai.usage.cache_read.input_tokens': 1000, 'gen_ai.usage.cache_creation.input_tokens': 500 };
  const of = (provider: string, model: string) =>
    promptOf('agentgateway', { ...cached, 'gen_ai.provider.name': provider, 'gen_ai.request.model': model });
  assert.equal(of('anthropic', 'claude-sonnet-4-5'), 3500);
  assert.equal(of('aws.bedrock', 'us.amazon.nova-pro-v1:0'), 3500);
  assert.equal(of('copilot', 'claude-sonnet-5'), 3500);
  assert.equal(of('openai', 'gpt-4.1'), 2000);
});

test("Grafana's SDK copies them, unless it says that the input holds the cache", () => {
  const cached = { 'gen_ai.usage.cache_read_input_tokens': 1000, 'gen_ai.usage.cache_write_input_tokens': 500 };
  for (const id of ['agento11y.generation.id', 'sigil.generation.id']) {
    const of = (provider: string, given: Readonly<Record<string, AttributeValue>> = {}) =>
      promptOf('', { [id]: 'g1', ...cached, 'gen_ai.provider.name': provider, ...given });
    assert.equal(of('anthropic'), 3500);
    assert.equal(of('openai'), 2000);
    assert.equal(of('anthropic', { 'gen_ai.token.semantics': 'inclusive' }), 2000);
  }
});

test('RubyLLM takes the cache out of the input, of whatever provider', () => {
  const cached = { 'gen_ai.provider.name': 'openai', 'gen_ai.usage.cache_read.input_tokens': 75 };
  assert.equal(promptOf('OpenTelemetry::Instrumentation::RubyLLM', cached), 2075);
});

test('a plugin of OpenCode writes its counts, which are disjoint, beside the cost', () => {
  const counts = { 'gen_ai.usage.cache_read_tokens': 300, 'gen_ai.usage.cache_write_tokens': 100 };
  assert.equal(promptOf('opencode-otel', { ...counts, 'gen_ai.provider.name': 'openai' }), 2000);
  const own = { ...counts, 'gen_ai.provider.name': 'openai', 'opencode.cost.usage': 0.01 };
  assert.equal(promptOf('opencode-otel', own), 2400);
});

test("ReqLLM and LangChain for Elixir copy them, and Gemini's thoughts beside the answer", () => {
  const claude = { 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.cache_read.input_tokens': 1000 };
  assert.equal(promptOf('my_app', { ...claude, 'req_llm.request_id': '1' }), 3000);
  const erlang = { 'telemetry.sdk.language': 'erlang' };
  assert.equal(promptOf('langchain', claude, erlang), 3000);
  assert.equal(promptOf('langchain', claude, { 'telemetry.sdk.language': 'python' }), 2000);
  assert.equal(promptOf('my_app', claude, erlang), 2000);
  assert.equal(promptOf('langchain', { ...claude, 'gen_ai.provider.name': 'openai' }, erlang), 2000);
});

test('tRPC-Agent-Go copies them too, with a total of its own, and names the cache of Anthropic apart', () => {
  const total = { 'gen_ai.usage.total_tokens': 2010, 'gen_ai.usage.input_tokens.cached': 1000 };
  assert.equal(promptOf('trpc.agent.go', total), 2000);
  assert.equal(promptOf('trpc.agent.go', { ...total, 'gen_ai.usage.input_tokens.cache_read': 1000 }), 3000);
});
