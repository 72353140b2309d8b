import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

const roleOf = (scopeName: string, operation: string) =>
  classify(
    new SpanReader(
      aSpan({
        name: operation,
        scopeName,
        attributes: { 'gen_ai.operation.name': operation, 'gen_ai.usage.input_tokens': 12 },
      }),
    ),
  ).role;

test("what was asked of a realtime model is no second call beside Pipecat's span of the answer", () => {
  assert.equal(roleOf('pipecat', 'llm_request'), 'none');
  assert.equal(roleOf('pipecat', 'chat'), 'call');
  assert.notEqual(roleOf('pipecat', 'llm_response'), 'none');
  assert.equal(roleOf('somebody', 'llm_request'), 'call');
});
