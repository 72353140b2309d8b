import { DURATION_MS_MAX } from '../../events/fields.ts';
import { addCost, type BillableTokens, billableTokens } from '../../prices/cost.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import { ExactSum } from '../../tally/exact-sum.ts';
import type { BilledModel } from '../../tally/usage.ts';
import type { ResponseFacts } from './response-record.ts';
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
export function answerCall(half: RequestHalf, response: ResponseFacts, prices: PriceBook): AnsweredCall {
  const promptTokens = orElse(response.promptTokens, half.promptTokens);
  const cachedPromptTokens = orElse(response.cachedPromptTokens, half.cachedPromptTokens);
  const cacheWriteTokens = orElse(response.cacheWriteTokens, half.cacheWriteTokens);
  const { completionTokens } = response;
  const billedModel = response.model ?? half.series.model;
  const price = prices.priceOf({
    provider: half.series.provider,
    model: billedModel,
    atMs: half.timestampMs,
    promptTokens: Number.isNaN(promptTokens) ? 0 : promptTokens,
  });
  const billedCompletion = response.isOfEmbeddings ? completionTokens || 0 : completionTokens;
  const isCountKnown = !Number.isNaN(promptTokens) && !Number.isNaN(billedCompletion);
  const billable = isCountKnown
    ? billableTokens({
        promptTokens,
        completionTokens: billedCompletion,
        // A part that nobody reported is billed as the whole is: at the full rate.
        cachedPromptTokens: cachedPromptTokens || 0,
        cacheWriteTokens: cacheWriteTokens || 0,
        audioPromptTokens: response.audioPromptTokens || 0,
        audioCompletionTokens: response.audioCompletionTokens || 0,
      })
    : null;
  const isFree = response.isFromCache;
  const cost = new ExactSum();
  if (price !== null && billable !== null && !isFree) addCost(cost, billable, price.rates);
  return {
    latencyMs: Number.isNaN(response.latencyMs) ? elapsedMs(half, response) : response.latencyMs,
    timeToFirstTokenMs: Number.isNaN(response.timeToFirstTokenMs) ? null : response.timeToFirstTokenMs,
    promptTokens,
    cachedPromptTokens,
    cacheWriteTokens,
    completionTokens,
    reasoningTokens: response.reasoningTokens,
    finishReason: response.finishReason,
    error: response.error,
    answeredModel: response.model,
    billed: { provider: half.series.provider, model: billedModel, bandFromTokens: price?.bandFromTokens ?? 0 },
    billable,
    isPriced: price !== null && billable !== null,
    isFree,
    cost,
  };
}

/** The sender's clocks may differ between its hosts, but no call ends before it began. */
function elapsedMs(half: RequestHalf, response: ResponseFacts): number {
  const elapsed = response.timestampMs - half.timestampMs;
  return Math.min(Math.max(elapsed, 0), DURATION_MS_MAX);
}

const orElse = (count: number, other: number): number => (Number.isNaN(count) ? other : count);
