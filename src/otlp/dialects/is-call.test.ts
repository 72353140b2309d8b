import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan } from '../otlp-builders.contract.ts';
import { classify } from './is-call.ts';

const roleOf = (attributes: Record<string, string>) => classify(aSpan({ attributes })).role;
const operationOf = (attributes: Record<string, string>) => classify(aSpan({ attributes })).operation;

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
  assert.equal(classify(aSpan(span)).role, 'call');
  assert.equal(classify(aSpan({ ...span, kind: 1 })).role, 'none');
  assert.equal(classify(aSpan({ ...span, scopeName: 'other' })).role, 'none');
});

test('a pending span of Logfire is no call, whatever the span will be', () => {
  assert.equal(roleOf({ 'gen_ai.operation.name': 'chat', 'logfire.span_type': 'pending_span' }), 'none');
});

test('a plain HTTP span is no call', () => {
  assert.equal(classify(aSpan({ attributes: { 'http.method': 'POST' }, name: 'POST' })).role, 'none');
});
