import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '../decode/trace-export.ts';
import { SpanReader } from '../dialects/span-reader.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { searchesInAnswer } from './answer-searches.ts';
import { chooseUsage } from './choose-usage.ts';
import { readUsage } from './read-usage.ts';
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
