import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import { reportsIn } from '../../captured-reports.contract.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { SpanReader } from '../span-reader.ts';

type Given = Readonly<Record<string, AttributeValue>>;

function promptOf(scopeName: string, given: Given, resource: Given = {}): number | null {
  const attributes = { 'gen_ai.usage.input_tokens': 2000, 'gen_ai.usage.output_tokens': 10, ...given };
  return readCall(new SpanReader(aSpan({ scopeName, attributes, resource })), 'chat').promptTokens;
}

const CACHED = { 'gen_ai.usage.cache_read.input_tokens': 1000, 'gen_ai.usage.cache_creation.input_tokens': 500 };

test('agentgateway copied the counts of the API before 1.5, which for Anthropic and Bedrock leave the cache out', () => {
  const of = (provider: string, model: string, version: string) => {
    const given = { ...CACHED, 'gen_ai.provider.name': provider, 'gen_ai.request.model': model };
    return promptOf('agentgateway', given, { 'service.version': version });
  };
  assert.equal(of('anthropic', 'claude-sonnet-4-5', '1.4.1'), 3500);
  assert.equal(of('aws.bedrock', 'us.amazon.nova-pro-v1:0', 'v1.0.0'), 3500);
  assert.equal(of('copilot', 'claude-sonnet-5', '0.12.0'), 3500);
  assert.equal(of('openai', 'gpt-4.1', '1.4.1'), 2000);
  for (const version of ['1.5.0-alpha.1', '1.10.2', '2.0.0', '']) {
    assert.equal(of('anthropic', 'claude-sonnet-4-5', version), 2000, version);
  }
});

test('Spring AI copies them as texts, with a total of its own of Anthropic and that of the API of Bedrock', () => {
  const of = (provider: string, total: string) =>
    promptOf('org.springframework.boot', {
      'gen_ai.system': provider,
      'gen_ai.usage.input_tokens': '2000',
      'gen_ai.usage.output_tokens': '10',
      'gen_ai.usage.total_tokens': total,
      'gen_ai.usage.cache_read.input_tokens': '1000',
      'gen_ai.usage.cache_creation.input_tokens': '500',
    });
  assert.equal(of('anthropic', '2010'), 3500);
  assert.equal(of('aws', '3510'), 3500);
  assert.equal(of('openai', '2010'), 2000);
});

test("Envoy's AI gateway copies them where it answers in Anthropic's form, and adds the cache in OpenAI's", () => {
  const of = (provider: string, reason: string) =>
    promptOf('envoyproxy/ai-gateway', {
      ...CACHED,
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.response.finish_reasons': [reason],
    });
  for (const provider of ['anthropic', 'aws.anthropic', 'gcp.anthropic', 'aws.bedrock']) {
    assert.equal(of(provider, 'tool_use'), 3500, provider);
    assert.equal(of(provider, 'tool_calls'), 2000, provider);
  }
  assert.equal(of('openai', 'end_turn'), 2000);
});

test('the crate genai copies those of Bedrock alone', () => {
  const of = (provider: string, target: string) =>
    promptOf('my_app', { ...CACHED, 'gen_ai.provider.name': provider, target });
  assert.equal(of('aws.bedrock', 'genai::otel::span'), 3500);
  assert.equal(of('anthropic', 'genai::otel::span'), 2000);
  assert.equal(of('aws.bedrock', 'my_app::calls'), 2000);
});

test("Microsoft's Agent Framework copies Gemini's thoughts beside the answer", () => {
  const attributes = {
    'gen_ai.provider.name': 'gcp.gemini',
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 50,
    'gen_ai.usage.reasoning.output_tokens': 20,
  };
  const call = readCall(new SpanReader(aSpan({ attributes, scopeName: 'agent_framework' })), 'chat');
  assert.equal(call.completionTokens, 70);
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

test('the language of a resource reaches the rule that asks for it', () => {
  const attribute = (key: string, value: object) => ({ key, value });
  const attributes = [
    attribute('gen_ai.operation.name', { stringValue: 'chat' }),
    attribute('gen_ai.provider.name', { stringValue: 'anthropic' }),
    attribute('gen_ai.usage.input_tokens', { intValue: '2000' }),
    attribute('gen_ai.usage.cache_read.input_tokens', { intValue: '1000' }),
  ];
  const span = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    startTimeUnixNano: '1795486623927000000',
    attributes,
  };
  const resource = { attributes: [attribute('telemetry.sdk.language', { stringValue: 'erlang' })] };
  const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'langchain' }, spans: [span] }] }] };
  const [report] = reportsIn(Buffer.from(JSON.stringify(body)), 'json');
  assert.equal(report?.facts?.prompt_tokens, 3000);
});

test('Pipecat copies the cache of Claude beside the input, and the thoughts of Gemini beside the answer', () => {
  const of = (provider: string) => promptOf('pipecat', { ...CACHED, 'gen_ai.provider.name': provider });
  assert.equal(of('anthropic'), 3500);
  assert.equal(of('aws.bedrock'), 3500);
  assert.equal(of('openai'), 2000);
  const thoughts = { 'gen_ai.provider.name': 'gcp.gemini', 'gen_ai.usage.reasoning.output_tokens': 5 };
  const attributes = { 'gen_ai.usage.input_tokens': 2000, 'gen_ai.usage.output_tokens': 10, ...thoughts };
  assert.equal(readCall(new SpanReader(aSpan({ scopeName: 'pipecat', attributes })), 'chat').completionTokens, 15);
});

test('tRPC-Agent-Go copies them too, with a total of its own, and names the cache of Anthropic apart', () => {
  const total = { 'gen_ai.usage.total_tokens': 2010, 'gen_ai.usage.input_tokens.cached': 1000 };
  assert.equal(promptOf('trpc.agent.go', total), 2000);
  assert.equal(promptOf('trpc.agent.go', { ...total, 'gen_ai.usage.input_tokens.cache_read': 1000 }), 3000);
});
