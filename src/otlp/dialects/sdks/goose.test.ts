import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

test("Goose's generations are calls, with the cache inside their input", () => {
  const reader = new SpanReader(
    aSpan({
      name: 'provider_generation',
      scopeName: 'goose',
      attributes: {
        observation_type: 'GENERATION',
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        usage_details_json:
          '{"input":1300,"output":30,"total":1330,"cache_read_input_tokens":1000,"cache_write_input_tokens":200}',
      },
    }),
  );
  assert.equal(classify(reader).role, 'call');
  const { provider, requestModel, promptTokens, completionTokens, cachedTokens, cacheWriteTokens } = readCall(
    reader,
    'chat',
  );
  assert.deepEqual([provider, requestModel], ['anthropic', 'claude-sonnet-4-5']);
  assert.deepEqual([promptTokens, completionTokens, cachedTokens, cacheWriteTokens], [1300, 30, 1000, 200]);
});
