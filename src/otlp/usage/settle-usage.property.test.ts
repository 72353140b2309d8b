import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BY_CONVENTION, settleUsage } from './settle-usage.ts';

const tokens = fc.integer({ min: 1, max: 100_000 });

/** What a call really used: the fresh prompt, what the cache gave and took, the answer and the reasoning. */
const truths = fc.record({ fresh: tokens, cached: tokens, written: tokens, answer: tokens, reasoning: tokens });

test('whatever an emitter leaves out of its wholes, its total tells what was used', () => {
  fc.assert(
    fc.property(truths, fc.boolean(), fc.boolean(), (truth, isCacheOutside, isReasoningOutside) => {
      const { fresh, cached, written, answer, reasoning } = truth;
      const prompt = fresh + cached + written;
      const completion = answer + reasoning;
      const sent = {
        cached,
        reasoning,
        cacheWrite: written,
        prompt: isCacheOutside ? fresh : prompt,
        completion: isReasoningOutside ? answer : completion,
        total: prompt + completion,
      };
      // Two readings may give one sum by chance; then no arithmetic can tell.
      fc.pre(
        new Set([cached, written, reasoning, cached + written, cached + reasoning, written + reasoning]).size === 6,
      );
      const usage = settleUsage(sent, BY_CONVENTION);
      assert.deepEqual([usage.promptTokens, usage.completionTokens, usage.isProved], [prompt, completion, true]);
    }),
  );
});

test('a total that is smaller than the other whole stands in the place of none', () => {
  const usage = settleUsage({ prompt: 17, completion: 16, total: 16 }, BY_CONVENTION);
  assert.deepEqual([usage.promptTokens, usage.completionTokens], [17, 16]);
});

test('no part is ever larger than its whole', () => {
  fc.assert(
    fc.property(truths, fc.option(tokens), fc.boolean(), (truth, total, isCacheOutside) => {
      const { fresh, cached, written, answer, reasoning } = truth;
      const sent = { cached, reasoning, prompt: fresh, cacheWrite: written, completion: answer };
      const usage = settleUsage(total === null ? sent : { ...sent, total }, { ...BY_CONVENTION, isCacheOutside });
      const whole = usage.promptTokens ?? 0;
      assert.ok((usage.cachedTokens ?? 0) + (usage.cacheWriteTokens ?? 0) <= whole);
      assert.ok((usage.reasoningTokens ?? 0) <= (usage.completionTokens ?? 0));
    }),
  );
});
