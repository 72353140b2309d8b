import type { LedgerEntry } from './agent-model-server.ts';

/** What is compared of a call. Tokens of a call that failed are nobody's. */
export interface ToldCall {
  readonly model: string;
  readonly isFailed: boolean;
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  readonly completionTokens: number | null;
  readonly costNanoUsd: number | null;
}

/** USD a million tokens: input, cached input, cache write, output. */
const PRICES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'claude-sonnet-4-5': [3, 0.3, 3.75, 15],
  'gpt-5-codex': [1.25, 0.125, 0, 10],
  'gemini-2.5-pro': [1.25, 0.125, 0, 10],
  'gpt-5-mini': [0.25, 0.025, 0, 2],
};

/** The calls of a ledger, as they have to be counted. */
export function trueCalls(ledger: readonly LedgerEntry[]): readonly ToldCall[] {
  return inOrder(
    ledger.map((entry) => {
      const { model, step, prompt, cached, completion } = entry;
      return typeof step === 'number'
        ? { model, isFailed: true, promptTokens: null, cachedTokens: null, completionTokens: null, costNanoUsd: 0 }
        : {
            model,
            isFailed: false,
            promptTokens: prompt,
            cachedTokens: cached,
            completionTokens: completion,
            costNanoUsd: costOf(entry),
          };
    }),
  );
}

function costOf({ model, prompt, cached, cacheWrite, completion }: LedgerEntry): number {
  const price = PRICES[model];
  if (price === undefined) throw new Error(`The test has no price of ${model}`);
  const [input, cacheRead, write, output] = price;
  const thousandthUsd =
    (prompt - cached - cacheWrite) * input + cached * cacheRead + cacheWrite * write + completion * output;
  return Math.round(thousandthUsd * 1000);
}

interface AnsweredCall {
  readonly model: string;
  readonly status: string;
  readonly prompt_tokens: number | null;
  readonly cached_prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly estimated_cost_usd: number | null;
}

/** What `GET /v1/calls` says, in the same words. */
export function countedCalls(calls: readonly AnsweredCall[]): readonly ToldCall[] {
  return inOrder(
    calls.map((call) => ({
      model: call.model,
      isFailed: call.status === 'error',
      promptTokens: call.prompt_tokens,
      cachedTokens: call.cached_prompt_tokens,
      completionTokens: call.completion_tokens,
      costNanoUsd: call.estimated_cost_usd === null ? null : Math.round(call.estimated_cost_usd * 1e9),
    })),
  );
}

function inOrder(calls: readonly ToldCall[]): readonly ToldCall[] {
  return calls.toSorted((a, b) => (a.promptTokens ?? 0) - (b.promptTokens ?? 0));
}
