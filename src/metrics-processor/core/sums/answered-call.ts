import { DURATION_MS_MAX } from '../../../events/fields.ts';
import { addCost, type BillableTokens, billableTokens } from '../../../prices/cost.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import { ExactSum } from '../../../tally/exact-sum.ts';
import type { BilledModel } from '../../../tally/usage.ts';
import type { RequestHalf } from '../join/waiting-requests.ts';
import type { ResponseFacts } from '../records/response-record.ts';

/**
 * A call with both its halves. Token counts are NaN where unknown.
 *
 * One object is used again and again, since there is one for each response; what it says is valid until the next `put`.
 */
export class AnsweredCall implements BillableTokens, BilledModel {
  latencyMs = 0;
  timeToFirstTokenMs = 0;
  promptTokens = 0;
  cachedPromptTokens = 0;
  /** As reported; what is billed of it is below. */
  reportedCacheWriteTokens = 0;
  completionTokens = 0;
  reasoningTokens = 0;
  finishReason: string | null = null;
  error: string | null = null;
  answeredModel: string | null = null;

  /** Who is paid, and by which prices. */
  provider = '';
  model = '';
  bandFromTokens = 0;

  /** Whether prompt and completion are known. Only then the following are what is billed. */
  isCountKnown = false;
  inputTokens = 0;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  outputTokens = 0;
  inputAudioTokens = 0;
  outputAudioTokens = 0;

  isPriced = false;
  /** A proxy answered from its own cache: its tokens are on nobody's bill. */
  isFree = false;
  readonly cost = new ExactSum();

  /**
   * Puts the halves together. What the response says about the prompt is what the provider billed and wins; the model
   * that answered is the one that is billed, at the price of the time of the request.
   */
  put(half: RequestHalf, response: ResponseFacts, prices: PriceBook): void {
    this.latencyMs = Number.isNaN(response.latencyMs) ? elapsedMs(half, response) : response.latencyMs;
    this.timeToFirstTokenMs = response.timeToFirstTokenMs;
    this.promptTokens = orElse(response.promptTokens, half.promptTokens);
    this.cachedPromptTokens = orElse(response.cachedPromptTokens, half.cachedPromptTokens);
    this.reportedCacheWriteTokens = orElse(response.cacheWriteTokens, half.cacheWriteTokens);
    this.completionTokens = response.completionTokens;
    this.reasoningTokens = response.reasoningTokens;
    this.finishReason = response.finishReason;
    this.error = response.error;
    this.answeredModel = response.model;
    this.isFree = response.isFromCache;
    this.#cutTokens(response);
    this.#price(half, prices);
  }

  #cutTokens(response: ResponseFacts): void {
    const { promptTokens } = this;
    const completionTokens = response.isOfEmbeddings ? this.completionTokens || 0 : this.completionTokens;
    this.isCountKnown = !Number.isNaN(promptTokens) && !Number.isNaN(completionTokens);
    if (!this.isCountKnown) return;
    // Copied, so that V8 makes no object of them: with one kept for each call a fold took 0.14 µs a record more.
    const parts = billableTokens({
      promptTokens,
      completionTokens,
      // A part that nobody reported is billed as the whole is: at the full rate.
      cachedPromptTokens: this.cachedPromptTokens || 0,
      cacheWriteTokens: this.reportedCacheWriteTokens || 0,
      audioPromptTokens: response.audioPromptTokens || 0,
      audioCompletionTokens: response.audioCompletionTokens || 0,
    });
    this.inputTokens = parts.inputTokens;
    this.cacheReadTokens = parts.cacheReadTokens;
    this.cacheWriteTokens = parts.cacheWriteTokens;
    this.outputTokens = parts.outputTokens;
    this.inputAudioTokens = parts.inputAudioTokens;
    this.outputAudioTokens = parts.outputAudioTokens;
  }

  #price(half: RequestHalf, prices: PriceBook): void {
    this.provider = half.series.provider;
    this.model = this.answeredModel ?? half.series.model;
    const price = prices.priceOf({
      provider: this.provider,
      model: this.model,
      atMs: half.timestampMs,
      promptTokens: this.promptTokens || 0,
    });
    this.bandFromTokens = price?.bandFromTokens ?? 0;
    this.isPriced = price !== null && this.isCountKnown;
    this.cost.clear();
    if (price !== null && this.isCountKnown && !this.isFree) addCost(this.cost, this, price.rates);
  }
}

/** The sender's clocks may differ between its hosts, but no call ends before it began. */
function elapsedMs(half: RequestHalf, response: ResponseFacts): number {
  const elapsed = response.timestampMs - half.timestampMs;
  return Math.min(Math.max(elapsed, 0), DURATION_MS_MAX);
}

const orElse = (count: number, other: number): number => (Number.isNaN(count) ? other : count);
