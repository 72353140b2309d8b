import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCancelledReason, isFailedReason, normalizeFinishReason } from './finish-reason.ts';

const REASONS: Readonly<Record<string, readonly string[]>> = {
  stop: ['stop', 'STOP', 'end_turn', 'endTurn', 'stop_sequence', 'complete', 'completed', 'FinishReason.STOP'],
  length: ['length', 'max_tokens', 'FINISH_REASON_MAX_TOKENS', 'maxTokens', 'model_length', 'length, stop'],
  tool_calls: ['tool_calls', 'tool_call', 'tool-calls', 'tool_use', 'function_call', 'ToolCalls'],
  content_filter: ['content_filter', 'content-filter', 'SAFETY', 'refusal', 'guardrail_intervened', 'ERROR_TOXIC'],
  error: ['error', 'insufficient_system_resource', 'network_error'],
};

for (const [folded, reasons] of Object.entries(REASONS)) {
  test(`${reasons.join(', ')} fold to ${folded}`, () => {
    assert.deepEqual(new Set(reasons.map(normalizeFinishReason)), new Set([folded]));
  });
}

test('an unknown reason stays as it came', () => {
  assert.equal(normalizeFinishReason('Paused'), 'Paused');
});

test('some words say that the call failed, others that its caller stopped it', () => {
  const failed = ['error', 'ERROR_TOXIC', 'ERROR_LIMIT', 'insufficient_system_resource', 'failed'];
  const stopped = ['USER_CANCEL', 'cancelled', 'canceled', 'abort', 'user_cancelled'];
  for (const word of failed) assert.deepEqual([isFailedReason(word), isCancelledReason(word)], [true, false], word);
  for (const word of stopped) assert.deepEqual([isFailedReason(word), isCancelledReason(word)], [false, true], word);
  for (const word of ['stop', 'content_filter', 'SAFETY', 'pause_turn', 'length']) {
    assert.deepEqual([isFailedReason(word), isCancelledReason(word)], [false, false], word);
  }
});
