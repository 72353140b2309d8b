import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from '../../call.ts';
import { AttributeList } from '../../decode/attribute-list.ts';
import type { AttributeValue } from '../../decode/trace-export.ts';
import { aSpan } from '../../otlp-builders.contract.ts';
import { classify } from '../is-call.ts';
import { SpanReader } from '../span-reader.ts';

type Counts = Readonly<Record<string, AttributeValue>>;

/** A span as Monocle 0.8.15 sends it. */
function spanOf(type: string, [kind, model]: readonly [kind: string, model: string], counts: Counts): SpanReader {
  const attributes = {
    'monocle_apptrace.version': '0.8.15',
    'span.type': type,
    'entity.1.type': kind,
    'entity.1.provider_name': '127.0.0.1',
    'entity.2.name': model,
    'entity.2.type': `model.llm.${model}`,
  };
  const events = [{ name: 'metadata', atMs: 0, attributes: AttributeList.of(Object.entries(counts)) }];
  return new SpanReader(aSpan({ name: 'create', kind: 1, scopeName: 'monocle_apptrace', attributes, events }));
}

function callOf(reader: SpanReader): readonly unknown[] {
  const call = readCall(reader, 'chat');
  const { provider, requestModel, promptTokens, completionTokens, cachedTokens, reasoningTokens } = call;
  return [provider, requestModel, promptTokens, completionTokens, cachedTokens, reasoningTokens];
}

test("Monocle's calls are read from the entities of a span and the counts of its event", () => {
  const reader = spanOf('inference', ['inference.openai', 'gpt-4o-mini'], {
    prompt_tokens: 1200,
    completion_tokens: 345,
    total_tokens: 1545,
    cache_read_input_tokens: 200,
    finish_reason: 'stop',
  });
  assert.equal(classify(reader).role, 'call');
  assert.deepEqual(callOf(reader), ['openai', 'gpt-4o-mini', 1200, 345, 200, null]);
  assert.equal(readCall(reader, 'chat').finishReason, 'stop');
});

test('they are those of each API: the cache of Claude and the thoughts of Gemini lie beside', () => {
  const claude = spanOf('inference', ['inference.anthropic', 'claude-sonnet-4-5'], {
    prompt_tokens: 1000,
    completion_tokens: 345,
    total_tokens: 1345,
    cache_read_input_tokens: 200,
  });
  assert.deepEqual(callOf(claude), ['anthropic', 'claude-sonnet-4-5', 1200, 345, 200, null]);
  const gemini = spanOf('inference.framework', ['inference.gemini', 'gemini-2.5-flash'], {
    prompt_tokens: 1200,
    completion_tokens: 300,
    total_tokens: 1545,
    thoughts_tokens: 45,
  });
  assert.deepEqual(callOf(gemini), ['gcp.gemini', 'gemini-2.5-flash', 1200, 345, null, 45]);
});

test('what lies around and below them is no call', () => {
  for (const type of ['workflow', 'agentic.invocation', 'agentic.turn', 'inference.modelapi', 'retrieval']) {
    assert.equal(classify(spanOf(type, ['workflow.openai', 'x'], {})).role, 'none', type);
  }
});
