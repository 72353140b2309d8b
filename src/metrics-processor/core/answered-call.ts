import { DURATION_MS_MAX } from '../../events/fields.ts';
import type { LlmResponse } from '../../events/llm-response.ts';
import { parseTimestampMs } from '../../events/timestamp.ts';
import { addCost, type BillableTokens, billableTokens } from '../../prices/cost.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import { ExactSum } from '../../tally/exact-sum.ts';
import type { BilledModel } from '../../tally/usage.ts';
import type { RequestHalf } from './waiting-requests.ts';

/** A call with both its halves. Token counts are NaN where unknown. */
export interface AnsweredCall {
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly cacheWriteTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly finishReason: string | null;
  readonly error: string | null;
  readonly answeredModel: string | null;
  readonly billed: BilledModel;
  /** Null where prompt or completion tokens are unknown. */
  readonly billable: BillableTokens | null;
  readonly isPriced: boolean;
  /** A proxy answered from its own cache: its tokens are on nobody's bill. */
  readonly isFree: boolean;
  readonly cost: ExactSum;
}

/**
 * Puts the halves together. What the response says about the prompt is what the provider billed and wins; the model
 * that answered is the one that is billed, at the price of the time of the request.
 */
export function answerCall(half: RequestHalf, response: LlmResponse, prices: PriceBook): AnsweredCall {
  const promptTokens = response.prompt_tokens ?? half.promptTokens;
  const cachedPromptTokens = response.cached_prompt_tokens ?? half.cachedPromptTokens;
  const cacheWriteTokens = response.cache_write_tokens ?? half.cacheWriteTokens;
  const completionTokens = tokens(response.completion_tokens);
  const answeredModel = response.model ?? null;
  const billedModel = answeredModel ?? half.series.model;
  const price = prices.priceOf({
    provider: half.series.provider,
    model: billedModel,
    atMs: half.timestampMs,
    promptTokens: Number.isNaN(promptTokens) ? 0 : promptTokens,
  });
  const billedCompletion = response.operation === 'embeddings' ? completionTokens || 0 : completionTokens;
  const isCountKnown = !Number.isNaN(promptTokens) && !Number.isNaN(billedCompletion);
  const billable = isCountKnown
    ? billableTokens({
        promptTokens,
        completionTokens: billedCompletion,
        // A part that nobody reported is billed as the whole is: at the full rate.
        cachedPromptTokens: cachedPromptTokens || 0,
        cacheWriteTokens: cacheWriteTokens || 0,
        audioPromptTokens: response.audio_prompt_tokens ?? 0,
        audioCompletionTokens: response.audio_completion_tokens ?? 0,
      })
    : null;
  const isFree = response.cache_hit === true;
  const cost = new ExactSum();
  if (price !== null && billable !== null && !isFree) addCost(cost, billable, price.rates);
  return {
    latencyMs: response.latency_ms ?? elapsedMs(half, response),
    timeToFirstTokenMs: response.time_to_first_token_ms ?? null,
    promptTokens,
    cachedPromptTokens,
    cacheWriteTokens,
    completionTokens,
    reasoningTokens: tokens(response.reasoning_tokens),
    finishReason: response.finish_reason ?? null,
    error: response.error || null,
    answeredModel,
    billed: { provider: half.series.provider, model: billedModel, bandFromTokens: price?.bandFromTokens ?? 0 },
    billable,
    isPriced: price !== null && billable !== null,
    isFree,
    cost,
  };
}

/** Absent counts as 0, null is unknown. */
export function tokens(count: number | null | undefined): number {
  return count === undefined ? 0 : (count ?? Number.NaN);
}

/** The sender's clocks may differ between its hosts, but no call ends before it began. */
function elapsedMs(half: RequestHalf, response: LlmResponse): number {
  const elapsed = parseTimestampMs(response.timestamp) - half.timestampMs;
  return Math.min(Math.max(elapsed, 0), DURATION_MS_MAX);
}
