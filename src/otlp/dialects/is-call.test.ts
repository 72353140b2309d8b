import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '../decode/trace-export.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { classify } from './is-call.ts';
import { SpanReader } from './span-reader.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

const classified = (given: Parameters<typeof aSpan>[0]) => classify(new SpanReader(aSpan(given)));
const roleOf = (attributes: Attributes) => classified({ attributes }).role;
const operationOf = (attributes: Attributes) => classified({ attributes }).operation;

test('OpenInference kinds LLM and EMBEDDING are calls, all others are not, whatever else the span says', () => {
  assert.equal(roleOf({ 'openinference.span.kind': 'LLM' }), 'call');
  assert.equal(operationOf({ 'openinference.span.kind': 'EMBEDDING' }), 'embeddings');
  assert.equal(roleOf({ 'openinference.span.kind': 'CHAIN', 'gen_ai.operation.name': 'chat' }), 'none');
});

test('Langfuse generations and embeddings are calls, its spans are not', () => {
  assert.equal(roleOf({ 'langfuse.observation.type': 'generation' }), 'call');
  assert.equal(operationOf({ 'langfuse.observation.type': 'embedding' }), 'embeddings');
  assert.equal(roleOf({ 'langfuse.observation.type': 'span' }), 'none');
});

test('of the AI SDK the inner spans are calls and the outer ones only stand in for them', () => {
  for (const id of ['ai.generateText.doGenerate', 'ai.streamText.doStream', 'ai.embedMany.doEmbed']) {
    assert.equal(roleOf({ 'ai.operationId': id }), 'call');
  }
  for (const id of ['ai.generateText', 'ai.streamText', 'ai.generateObject', 'ai.streamObject', 'ai.embed']) {
    assert.equal(roleOf({ 'ai.operationId': id }), 'outer');
  }
  assert.equal(roleOf({ 'ai.operationId': 'ai.toolCall' }), 'none');
});

test('a LiteLLM call id makes a call, even on the span of an application', () => {
  assert.equal(roleOf({ 'litellm.call_id': 'x', 'llm.request.type': 'completion' }), 'call');
});

test('OTel operations that call a model are calls', () => {
  for (const word of [
    'chat',
    'text_completion',
    'generate_content',
    'embeddings',
    'embedding',
    'completion',
    'responses',
  ]) {
    assert.equal(roleOf({ 'gen_ai.operation.name': word }), 'call');
  }
});

test('operations in words of an SDK of its own are calls all the same', () => {
  const words =
    'chat.completions chatCompletion llm_call llm_request generate acompletion call_llm converse messages ' +
    'image audio tts stt video_generation text_to_speech summarize transcribe translation';
  for (const word of words.split(' ')) assert.equal(roleOf({ 'gen_ai.operation.name': word }), 'call', word);
  assert.equal(operationOf({ 'gen_ai.operation.name': 'aembedding' }), 'embeddings');
});

const USAGE = { 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.output_tokens': '3' };

test('a span with token counts stands for a call, whether its operation is unknown or not said', () => {
  assert.equal(roleOf(USAGE), 'outer');
  assert.equal(roleOf({ ...USAGE, 'gen_ai.operation.name': 'run_step' }), 'outer');
  assert.equal(roleOf({ ...USAGE, 'gen_ai.operation.name': 'ponder' }), 'outer');
  assert.equal(roleOf({ 'llm.token_count.total': 7 }), 'outer');
});

test('a span whose name is an operation and its model stands for a call, as where Quarkus tells one that failed', () => {
  const asked = { attributes: { 'gen_ai.request.model': 'gpt-4.1-mini' }, name: 'completion gpt-4.1-mini' };
  assert.equal(classified(asked).role, 'outer');
  assert.equal(classified({ ...asked, name: 'embeddings gpt-4.1-mini' }).operation, 'embeddings');
  for (const name of ['gpt-4.1-mini', 'load gpt-4.1-mini', 'chat gpt-4.1']) {
    assert.equal(classified({ ...asked, name }).role, 'none', name);
  }
});

test('a span around calls is none, though it repeats their usage', () => {
  const words = 'invoke_agent invoke_workflow agent_step run_agent execute_event_loop_cycle crew.kickoff session turn';
  for (const word of words.split(' ')) assert.equal(roleOf({ ...USAGE, 'gen_ai.operation.name': word }), 'none', word);
  assert.equal(roleOf({ ...USAGE, 'gen_ai.span.kind': 'AGENT' }), 'none');
  assert.equal(roleOf({ ...USAGE, 'traceloop.span.kind': 'workflow' }), 'none');
});

test('the name of a model, and counts that say nothing, make no call', () => {
  assert.equal(roleOf({ 'gen_ai.request.model': 'gpt-4.1-mini', 'db.system.name': 'redis' }), 'none');
  assert.equal(roleOf({ 'gen_ai.usage.input_tokens': -1, 'gen_ai.usage.output_tokens': 'not available' }), 'none');
  assert.equal(roleOf({ 'gen_ai.usage.cost': 1 }), 'none');
});

test('kinds of spans are read in the words of their SDKs', () => {
  assert.equal(roleOf({ 'genkit:type': 'action', 'genkit:metadata:subtype': 'model' }), 'call');
  assert.equal(roleOf({ 'genkit:type': 'util' }), 'none');
  assert.equal(roleOf({ 'mastra.span.type': 'model_inference' }), 'call');
  assert.equal(roleOf({ 'mastra.span.type': 'model_generation', 'gen_ai.operation.name': 'chat' }), 'outer');
  assert.equal(roleOf({ 'mastra.span.type': 'tool_call' }), 'none');
  assert.equal(operationOf({ 'mastra.span.type': 'rag_embedding' }), 'embeddings');
  assert.equal(roleOf({ 'mlflow.spanType': '"CHAT_MODEL"' }), 'call');
  assert.equal(roleOf({ 'mlflow.spanType': '"AGENT"' }), 'none');
  assert.equal(roleOf({ 'span.type': 'llm_request' }), 'call');
  assert.equal(roleOf({ 'gen_ai.span.kind': 'LLM' }), 'call');
  assert.equal(roleOf({ 'braintrust.span_attributes': '{"type":"llm"}' }), 'call');
});

test('a helper of LlamaIndex calls no model, though its kind is LLM', () => {
  const helper = { attributes: { 'openinference.span.kind': 'LLM' }, name: 'OpenAI._prepare_chat_with_tools' };
  assert.equal(classified(helper).role, 'none');
  for (const name of ['OpenAI.achat', 'LM.__call__', 'OpenAIServerModel.generate']) {
    assert.equal(classified({ ...helper, name }).role, 'call', name);
  }
});

test('agents, tools, workflows and the second reading of an answer are no calls', () => {
  for (const word of [
    'invoke_agent',
    'create_agent',
    'agent_step',
    'execute_tool',
    'execute_task',
    'invoke_workflow',
    'fetch_response',
    'rerank',
  ]) {
    assert.equal(roleOf({ 'gen_ai.operation.name': word }), 'none');
  }
});

test('old OpenLLMetry is known by its request type, when it names a model', () => {
  assert.equal(roleOf({ 'llm.request.type': 'chat', 'gen_ai.request.model': 'm' }), 'call');
  assert.equal(operationOf({ 'llm.request.type': 'embedding', 'gen_ai.request.model': 'm' }), 'embeddings');
  assert.equal(roleOf({ 'llm.request.type': 'chat' }), 'none');
  assert.equal(roleOf({ 'llm.request.type': 'rerank', 'gen_ai.request.model': 'm' }), 'none');
});

test('Laminar and LangSmith say LLM', () => {
  assert.equal(roleOf({ 'lmnr.span.type': 'LLM' }), 'call');
  assert.equal(roleOf({ 'langsmith.span.kind': 'llm' }), 'call');
});

test('an OpenLIT span without attributes is known by its name, and only as a client span', () => {
  const span = { attributes: {}, name: 'chat claude-sonnet-4-5', scopeName: 'openlit.instrumentation.anthropic' };
  assert.equal(classified(span).role, 'call');
  assert.equal(classified({ ...span, kind: 1 }).role, 'none');
  assert.equal(classified({ ...span, scopeName: 'other' }).role, 'none');
});

test('a pending span of Logfire is no call, whatever the span will be', () => {
  assert.equal(roleOf({ 'gen_ai.operation.name': 'chat', 'logfire.span_type': 'pending_span' }), 'none');
});

test('a plain HTTP span is no call', () => {
  assert.equal(classified({ attributes: { 'http.method': 'POST' }, name: 'POST' }).role, 'none');
});

test('a span whose name says that it counts tokens is no call, whatever it counted', () => {
  const attributes = { 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.input_tokens': 5000 };
  for (const name of [
    'anthropic.messages.count_tokens',
    'count_tokens claude-sonnet-4-5',
    'CountTokens',
    'tokenize m',
  ]) {
    assert.equal(classified({ name, attributes }).role, 'none', name);
  }
  assert.equal(classified({ name: 'count_tokens_then_chat', attributes }).role, 'outer');
});

test('the response of an agent to a client stands for its calls, for the agent may run elsewhere', () => {
  const attributes = { ...USAGE, 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.response.id': 'resp_1' };
  const agent = { name: 'invoke_agent weather', kind: 3, attributes };
  assert.equal(classified(agent).role, 'outer');
  assert.equal(classified({ ...agent, kind: 1 }).role, 'none');
  assert.equal(classified({ ...agent, attributes: { ...attributes, 'gen_ai.response.id': '' } }).role, 'none');
  const without = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.response.id': 'resp_1' };
  assert.equal(classified({ ...agent, attributes: without }).role, 'none');
});
