import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '../decode/trace-export.ts';
import { SpanReader } from '../dialects/span-reader.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { searchesInAnswer } from './answer-searches.ts';
import { chooseUsage } from './choose-usage.ts';
import { readUsage, usageKeysOf } from './read-usage.ts';
import type { Usage } from './settle-usage.ts';

function usageOf(attributes: Readonly<Record<string, AttributeValue>>): Usage {
  const reader = new SpanReader(aSpan({ attributes, scopeName: 'test' }));
  return chooseUsage(readUsage({ reader, scopeName: 'test', model: null, provider: null }), 'chat');
}

/** A span that has nothing but this attribute tells so many searches. */
const CELLS: readonly (readonly [key: string, sent: AttributeValue, searches: number])[] = [
  ['gen_ai.usage.details.web_search_requests', 4, 4],
  ['gen_ai.usage.server_tool_use.web_search_requests', 4, 4],
  ['gen_ai.usage.web_search_requests', '4', 4],
  ['gen_ai.usage.raw', '{"server_tool_use":{"web_search_requests":4,"web_fetch_requests":9}}', 4],
  ['gen_ai.usage.raw', '{"num_search_queries":4}', 4],
  ['gen_ai.usage.raw', '{"prompt_tokens_details":{"web_search_requests":4}}', 4],
  [
    'gen_ai.usage.raw',
    '{"server_side_tool_usage_details":{"web_search_calls":3,"x_search_calls":1,"code_interpreter_calls":7}}',
    4,
  ],
  [
    'metadata.usage_object',
    'Usage(prompt_tokens=23, server_tool_use=ServerToolUse(web_search_requests=4, tool_search_requests=9))',
    4,
  ],
  ['langfuse.observation.usage_details', '{"input": 23, "web_search_requests": 4}', 4],
  [
    'ai.response.providerMetadata',
    '{"anthropic":{"usage":{"input_tokens":23,"server_tool_use":{"web_search_requests":4}}}}',
    4,
  ],
  ['ai.response.providerMetadata', '{"google":{"groundingMetadata":{"webSearchQueries":["a","b","","b","c"]}}}', 4],
  ['output.value', '{"usage":{"server_tool_use":{"web_search_requests":4}}}', 4],
  ['output.value', '{"usage":{},"tool_usage":{"web_search":{"num_requests":4}}}', 4],
  [
    'output.value',
    '{"output":[{"type":"web_search_call","status":"completed","action":{"type":"search"}},{"type":"web_search_call"},{"type":"web_search_call","action":{"type":"open_page"}},{"type":"web_search_call","status":"failed"},{"type":"message"}]}',
    2,
  ],
  [
    'output.value',
    '{"candidates":[{"grounding_metadata":{"web_search_queries":["a","b"]}},{"grounding_metadata":null}]}',
    2,
  ],
];

for (const [key, sent, searches] of CELLS) {
  test(`searches of the web are read from ${key} ${JSON.stringify(sent)}`, () => {
    assert.equal(usageOf({ [key]: sent }).webSearchRequests, searches);
  });
}

const TOKENS = { 'gen_ai.usage.input_tokens': 1200, 'gen_ai.usage.output_tokens': 345 };

function answered(...parts: readonly object[]): Readonly<Record<string, AttributeValue>> {
  return { ...TOKENS, 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts, finish_reason: 'stop' }]) };
}

function result(id: string, response: unknown): object {
  return { type: 'tool_call_response', id, response };
}

const OPENAI_SEARCH = { action: { type: 'search', query: 'price of tea', queries: ['price of tea'] } };
const ANTHROPIC_SEARCH = [{ url: 'https://example.com', title: 'Tea', pageAge: null, type: 'web_search_result' }];

test('of the AI SDK 7 the searches that the provider ran are counted, and no opened page and none that failed', () => {
  // As `ai` 7.0.173 sent it of an answer with two searches, an opened page and a search that failed.
  const calls = ['ws_1', 'ws_2', 'ws_3', 'ws_4'].map((id) => ({ type: 'tool_call', id, name: 'find', arguments: {} }));
  const openai = answered(
    { type: 'text', content: 'Hello' },
    ...calls,
    result('ws_1', OPENAI_SEARCH),
    result('ws_2', { action: { type: 'openPage', url: 'https://example.com' } }),
    result('ws_4', { action: { type: 'search', query: 'price of milk' } }),
  );
  assert.equal(usageOf(openai).webSearchRequests, 2);
  assert.deepEqual(usageOf(openai), { ...usageOf(TOKENS), webSearchRequests: 2 });
  const anthropic = answered(
    result('srvtoolu_1', ANTHROPIC_SEARCH),
    result('srvtoolu_2', { type: 'web_fetch_result' }),
  );
  assert.equal(usageOf(anthropic).webSearchRequests, 1);
});

test('a tool of the application that looks like a search is none, nor is a call whose outcome is not there', () => {
  const none = [
    result('call_1', OPENAI_SEARCH),
    result('toolu_1', ANTHROPIC_SEARCH),
    result('srvtoolu_1', []),
    { type: 'tool_call', id: 'ws_1', name: 'web_search', arguments: {} },
    { type: 'text', content: '"ws_1"' },
  ];
  assert.equal(usageOf(answered(...none)).webSearchRequests, null);
  assert.equal(usageOf({ ...TOKENS, 'gen_ai.output.messages': '[{"id":"ws_1"' }).webSearchRequests, null);
});

test('the explanation names the messages for the searches, and for no tokens', () => {
  const reader = new SpanReader(aSpan({ attributes: answered(result('ws_1', OPENAI_SEARCH)) }));
  assert.deepEqual(usageKeysOf(reader, ['webSearch']), ['gen_ai.output.messages']);
  assert.deepEqual(usageKeysOf(reader, ['cached']), []);
});

test('searches that the usage counts are not counted again from the messages', () => {
  const counted = { ...answered(result('ws_1', OPENAI_SEARCH)), 'gen_ai.usage.details.web_search_requests': 3 };
  assert.equal(usageOf(counted).webSearchRequests, 3);
});

test('an answer that nothing of is known tells no searches', () => {
  for (const answer of [null, 'text', [], {}, { output: {} }, { tool_usage: { web_search: { num_requests: -1 } } }]) {
    assert.equal(searchesInAnswer(answer), null);
  }
});

test('searches that are no searches of the web, their limits and those that never were, are no count', () => {
  for (const name of ['file_search_calls', 'web_fetch_requests', 'tool_search_requests', 'max_web_search_uses']) {
    assert.equal(usageOf({ [`gen_ai.usage.${name}`]: 4 }).webSearchRequests, null, name);
  }
  assert.equal(
    usageOf({ 'gen_ai.usage.raw': '{"server_tool_use":{"web_search_requests":0}}' }).webSearchRequests,
    null,
  );
  assert.equal(
    usageOf({ 'output.value': '{"output":[{"type":"message"}],"candidates":"none"}' }).webSearchRequests,
    null,
  );
});

test('a count of searches changes no count of tokens', () => {
  const plain = { 'gen_ai.usage.input_tokens': 23, 'gen_ai.usage.output_tokens': 11 };
  const searched = usageOf({ ...plain, 'gen_ai.usage.details.web_search_requests': 4 });
  assert.deepEqual(searched, { ...usageOf(plain), webSearchRequests: 4 });
});
