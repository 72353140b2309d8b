import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

test('a run of an agent in a program of its own stands for its calls, which have no spans', () => {
  const roleOf = (provider: string, scopeName = 'agent_framework') => {
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': provider,
      'gen_ai.usage.input_tokens': 2000,
      'gen_ai.usage.output_tokens': 50,
    };
    return classify(new SpanReader(aSpan({ attributes, scopeName }))).role;
  };
  assert.equal(roleOf('anthropic.claude'), 'outer');
  assert.equal(roleOf('github.copilot'), 'outer');
  assert.equal(roleOf('microsoft.agent_framework'), 'none');
  assert.equal(roleOf('anthropic.claude', 'other'), 'none');
});
