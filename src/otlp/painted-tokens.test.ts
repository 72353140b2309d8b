import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCall } from './call.ts';
import { SpanReader } from './dialects/span-reader.ts';
import { aSpan } from './otlp-builders.contract.ts';

const paintedBy = (model: string, given: Record<string, number> = {}) => {
  const usage = { 'gen_ai.usage.input_tokens': 50, 'gen_ai.usage.output_tokens': 1372, ...given };
  const attributes = { 'gen_ai.request.model': model, ...usage };
  return readCall(new SpanReader(aSpan({ attributes })), 'generate_content').imageCompletionTokens;
};

test("what OpenAI's models of images answer is a picture, where nothing says of which kind it is", () => {
  assert.equal(paintedBy('gpt-image-1.5'), 1372);
  assert.equal(paintedBy('openai/gpt-image-2'), 1372);
  assert.equal(paintedBy('gpt-image-1.5', { 'gen_ai.usage.image.output_tokens': 1300 }), 1300);
  assert.equal(paintedBy('gpt-4.1'), null);
});
