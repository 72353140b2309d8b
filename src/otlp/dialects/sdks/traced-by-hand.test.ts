import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { DimensionFinder } from '../../to-events/tenant-and-route.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

const FINDER = new DimensionFinder({ tenant: ['tenant_id'], route: [] });

function readerOf(attributes: Readonly<Record<string, AttributeValue>>): SpanReader {
  return new SpanReader(aSpan({ name: 'my_call', kind: 1, attributes }));
}

test('a call that an application reports to Confident AI by hand is read', () => {
  const reader = readerOf({
    'confident.span.type': 'llm',
    'confident.llm.model': 'gpt-4o-mini',
    'confident.span.provider': 'openai',
    'confident.llm.input_token_count': 1200,
    'confident.llm.output_token_count': 345,
    'confident.llm.cost_per_input_token': 0.00000015,
    'confident.trace.user_id': 'u1',
    'confident.trace.thread_id': 's1',
    'confident.trace.metadata': '{"tenant_id":"acme"}',
  });
  assert.equal(classify(reader).role, 'outer');
  const { requestModel, provider, promptTokens, completionTokens } = readCall(reader, 'chat');
  assert.deepEqual([requestModel, provider, promptTokens, completionTokens], ['gpt-4o-mini', 'openai', 1200, 345]);
  const { tenant, user, session } = FINDER.namesOf(reader);
  assert.deepEqual([tenant, user, session], ['acme', 'u1', 's1']);
  assert.equal(classify(readerOf({ 'confident.span.type': 'agent' })).role, 'none');
});

test("a call that an application enriches by HoneyHive's decorator is read", () => {
  const reader = readerOf({
    honeyhive_event_type: 'model',
    'honeyhive.session_id': 's1',
    'honeyhive_config.model': 'gpt-4o-mini',
    'honeyhive_config.provider': 'openai',
    'honeyhive_metadata.prompt_tokens': 1200,
    'honeyhive_metadata.completion_tokens': 345,
    'honeyhive_metadata.total_tokens': 1545,
    'honeyhive_metadata.cost': 0.01,
    'honeyhive_metadata.tenant_id': 'acme',
    'honeyhive_user_properties.user_id': 'u1',
  });
  assert.equal(classify(reader).role, 'outer');
  const { requestModel, provider, promptTokens, completionTokens, reportedCost } = readCall(reader, 'chat');
  assert.deepEqual([requestModel, provider, promptTokens, completionTokens], ['gpt-4o-mini', 'openai', 1200, 345]);
  assert.deepEqual(reportedCost, { usd: 0.01, by: 'client' });
  const { tenant, user, session } = FINDER.namesOf(reader);
  assert.deepEqual([tenant, user, session], ['acme', 'u1', 's1']);
  assert.equal(classify(readerOf({ honeyhive_event_type: 'chain' })).role, 'none');
});

test("HoneyHive's usage is that of the answer where the application keeps it whole", () => {
  const reader = readerOf({
    honeyhive_event_type: 'model',
    'honeyhive_config.model': 'gpt-4o-mini',
    'honeyhive_metadata.usage.prompt_tokens': 1200,
    'honeyhive_metadata.usage.completion_tokens': 345,
    'honeyhive_metadata.usage.prompt_tokens_details.cached_tokens': 200,
  });
  const { promptTokens, completionTokens, cachedTokens } = readCall(reader, 'chat');
  assert.deepEqual([promptTokens, completionTokens, cachedTokens], [1200, 345, 200]);
});
