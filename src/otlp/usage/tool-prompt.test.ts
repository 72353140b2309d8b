import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_CONVENTION, settleUsage } from './settle-usage.ts';
import { readUsageObject, type UsageCounts } from './usage-counts.ts';

/** Prompt, completion and reasoning of an object of Gemini's API. */
function wholesOf(object: unknown): readonly (number | null)[] {
  const counts: UsageCounts = {};
  readUsageObject(counts, object);
  const { promptTokens, completionTokens, reasoningTokens } = settleUsage(counts, {
    ...BY_CONVENTION,
    isRestReasoning: true,
  });
  return [promptTokens, completionTokens, reasoningTokens];
}

test("what tools put into Gemini's prompt is counted once, whether or not its modalities repeat it", () => {
  const usage = { promptTokenCount: 100, candidatesTokenCount: 20, toolUsePromptTokenCount: 5, thoughtsTokenCount: 30 };
  const toolUsePromptTokensDetails = [{ modality: 'TEXT', tokenCount: 5 }];
  assert.deepEqual(wholesOf({ ...usage, totalTokenCount: 155 }), [105, 50, 30]);
  assert.deepEqual(wholesOf({ ...usage, totalTokenCount: 155, toolUsePromptTokensDetails }), [105, 50, 30]);
});

test('a total that has it inside the prompt is believed', () => {
  const usage = { input_tokens: 105, output_tokens: 50, tool_use_prompt_tokens: 5 };
  assert.deepEqual(wholesOf({ ...usage, total_tokens: 155 }), [105, 50, null]);
  assert.deepEqual(wholesOf(usage), [110, 50, null]);
});
