import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeFinishReason } from './finish-reason.ts';

const REASONS: Readonly<Record<string, readonly string[]>> = {
  stop: ['stop', 'STOP', 'end_turn', 'stop_sequence', 'complete', 'completed'],
  length: ['length', 'max_tokens', 'MAX_TOKENS'],
  tool_calls: ['tool_calls', 'tool_call', 'tool-calls', 'tool_use', 'function_call'],
  content_filter: ['content_filter', 'content-filter', 'SAFETY', 'refusal'],
  error: ['error'],
};

for (const [folded, reasons] of Object.entries(REASONS)) {
  test(`${reasons.join(', ')} fold to ${folded}`, () => {
    assert.deepEqual(new Set(reasons.map(normalizeFinishReason)), new Set([folded]));
  });
}

test('an unknown reason stays as it came', () => {
  assert.equal(normalizeFinishReason('Paused'), 'Paused');
});
