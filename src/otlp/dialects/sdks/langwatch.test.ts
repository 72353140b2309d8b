import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

test("LangWatch's spans of the type llm are calls, with their counts in one object", () => {
  const reader = new SpanReader(
    aSpan({
      attributes: {
        'langwatch.span.type': 'llm',
        'gen_ai.request.model': 'gpt-4o-mini',
        'langwatch.metrics': '{"type":"json","value":{"promptTokens":300,"completionTokens":30,"cost":0.5}}',
      },
    }),
  );
  assert.equal(classify(reader).role, 'call');
  const { promptTokens, completionTokens } = readCall(reader, 'chat');
  assert.deepEqual([promptTokens, completionTokens], [300, 30]);
  const workflow = new SpanReader(aSpan({ attributes: { 'langwatch.span.type': 'workflow' } }));
  assert.equal(classify(workflow).role, 'none');
});
