import type { ErrorKind } from '../../../events/error-kind.ts';
import type { CostSource } from '../../../metrics-store/call.ts';
import { billText } from '../../../prices/bill.ts';
import { type BillableTokens, BillSum, billableTokens, writeBill } from '../../../prices/cost.ts';
import type { Price, PriceBook } from '../../../prices/price-book.ts';
import { priceStep } from '../../../prices/price-steps.ts';
import { billedTier, type ServiceTier } from '../../../prices/service-tier.ts';
import { ExactSum } from '../../../tally/exact-sum.ts';
import type { BilledModel } from '../../../tally/usage.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { ResponseFacts } from '../records/response-record.ts';
import { CallEnds } from './call-end.ts';

/**
 * A call with both its halves. Token counts and times are NaN where unknown.
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
  error: string | null = null;
  /** How it ended; null for well. */
  errorKind: ErrorKind | null = null;
  /** Neither ended well nor was stopped by its user. */
  isFailure = false;
  answeredModel: string | null = null;

  /** Who is paid, and by which prices. */
  provider = '';
  model = '';
  bandFromTokens = 0;
  serviceTier: ServiceTier = '';
  reportedBy: BilledModel['reportedBy'] = '';

  /** Whether prompt and completion are known. Only then the following are what is billed. */
  isCountKnown = false;
  inputTokens = 0;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  cacheWrite1hTokens = 0;
  inputAudioTokens = 0;
  cacheReadAudioTokens = 0;
  inputImageTokens = 0;
  outputTokens = 0;
  outputAudioTokens = 0;
  outputImageTokens = 0;
  requestFees = 0;
  webSearches = 0;
  groundedRequests = 0;

  costSource: CostSource = 'none';
  readonly cost = new ExactSum();
  /** What the call costs by the list, also where `cost` was reported. */
  readonly listCost = new BillSum();
  /** By which `listCost` is; null where there is none. */
  price: Price | null = null;

  readonly #ends = new CallEnds();

  /**
   * Puts the halves together. What the response says about the prompt is what the provider billed and wins; the model
   * that answered is the one that is billed, at the price of the time of the request.
   */
  put(pending: PendingRequest, response: ResponseFacts, prices: PriceBook): void {
    this.latencyMs = response.isLatencyAbsent ? elapsedMs(pending, response) : response.latencyMs;
    this.timeToFirstTokenMs = firstTokenMs(response.timeToFirstTokenMs, this.latencyMs);
    this.promptTokens = orElse(response.promptTokens, pending.promptTokens);
    this.cachedPromptTokens = orElse(response.cachedPromptTokens, pending.cachedPromptTokens);
    this.reportedCacheWriteTokens = orElse(response.cacheWriteTokens, pending.cacheWriteTokens);
    this.completionTokens = response.completionTokens;
    this.reasoningTokens = response.reasoningTokens;
    this.error = response.error;
    this.errorKind = this.#ends.kindOf(response);
    this.isFailure = this.errorKind !== null && this.errorKind !== 'cancelled';
    this.answeredModel = response.model;
    this.#cutTokens(response);
    this.#price(pending, response, prices);
  }

  /** What it was billed for, as a single call keeps it; null where that is unknown or nothing. */
  billText(): string | null {
    return this.isCountKnown && this.costSource !== 'free' ? billText(this, this.price) : null;
  }

  get isPriced(): boolean {
    return this.costSource !== 'none';
  }

  /** Whether the tokens are on somebody's bill. */
  get isBilled(): boolean {
    return this.isCountKnown && this.costSource !== 'free';
  }

  #cutTokens(response: ResponseFacts): void {
    const { promptTokens } = this;
    const completionTokens = response.isOfEmbeddings ? this.completionTokens || 0 : this.completionTokens;
    this.isCountKnown =
      !Number.isNaN(promptTokens) && !Number.isNaN(completionTokens) && !(this.isFailure && isCutOff(response));
    if (!this.isCountKnown) return;
    if (hasRareParts(response)) this.#cutRare(completionTokens, response);
    else this.#cutPlain(completionTokens);
  }

  /** As `billableTokens`, which takes several times as long, where only text was read, cached and written. */
  #cutPlain(completionTokens: number): void {
    const { promptTokens } = this;
    this.cacheReadTokens = Math.min(this.cachedPromptTokens || 0, promptTokens);
    this.cacheWriteTokens = Math.min(this.reportedCacheWriteTokens || 0, promptTokens - this.cacheReadTokens);
    this.inputTokens = promptTokens - this.cacheReadTokens - this.cacheWriteTokens;
    this.outputTokens = completionTokens;
    this.cacheWrite1hTokens = 0;
    this.inputAudioTokens = 0;
    this.cacheReadAudioTokens = 0;
    this.inputImageTokens = 0;
    this.outputAudioTokens = 0;
    this.outputImageTokens = 0;
    this.requestFees = 1;
    this.webSearches = 0;
    this.groundedRequests = 0;
  }

  #cutRare(completionTokens: number, response: ResponseFacts): void {
    const { promptTokens } = this;
    // Copied, so that V8 makes no object of them: with one kept for each call a fold took 0.14 µs a record more.
    const parts = billableTokens({
      promptTokens,
      completionTokens,
      // A part that nobody reported is billed as the whole is: at the full rate.
      cachedPromptTokens: this.cachedPromptTokens || 0,
      cacheWriteTokens: this.reportedCacheWriteTokens || 0,
      cacheWrite1hTokens: response.cacheWrite1hTokens || 0,
      audioPromptTokens: response.audioPromptTokens || 0,
      cachedAudioPromptTokens: response.cachedAudioPromptTokens || 0,
      imagePromptTokens: response.imagePromptTokens || 0,
      audioCompletionTokens: response.audioCompletionTokens || 0,
      imageCompletionTokens: response.imageCompletionTokens || 0,
      webSearchRequests: response.webSearchRequests || 0,
    });
    this.inputTokens = parts.inputTokens;
    this.cacheReadTokens = parts.cacheReadTokens;
    this.cacheWriteTokens = parts.cacheWriteTokens;
    this.cacheWrite1hTokens = parts.cacheWrite1hTokens;
    this.inputAudioTokens = parts.inputAudioTokens;
    this.cacheReadAudioTokens = parts.cacheReadAudioTokens;
    this.inputImageTokens = parts.inputImageTokens;
    this.outputTokens = parts.outputTokens;
    this.outputAudioTokens = parts.outputAudioTokens;
    this.outputImageTokens = parts.outputImageTokens;
    this.requestFees = parts.requestFees;
    this.webSearches = parts.webSearches;
    this.groundedRequests = parts.groundedRequests;
  }

  #price(pending: PendingRequest, response: ResponseFacts, prices: PriceBook): void {
    this.provider = pending.series.provider;
    this.model = this.answeredModel ?? pending.series.model;
    this.serviceTier = billedTier(this.provider, response.serviceTier);
    const promptTokens = this.promptTokens || 0;
    const price = prices.priceOf({
      provider: this.provider,
      model: this.model,
      atMs: pending.timestampMs,
      promptTokens,
      serviceTier: this.serviceTier,
    });
    this.bandFromTokens = Math.max(price?.bandFromTokens ?? 0, priceStep(promptTokens));
    this.cost.clear();
    this.listCost.sum.clear();
    this.price = null;
    const reportedBy = reporterOf(response);
    this.reportedBy = reportedBy;
    const isFree = response.isFromCache || (this.isFailure && isBeforeOutput(response));
    if (reportedBy === '' && isFree) {
      this.costSource = 'free';
      return;
    }
    if (price !== null && this.isCountKnown) {
      this.price = price;
      writeBill(this, price.rates, this.listCost);
    }
    if (reportedBy !== '') {
      this.costSource = reportedBy;
      this.cost.addProduct(Math.round(response.reportedCostUsd * 1e12), 1);
      return;
    }
    this.costSource = this.price?.kind ?? 'none';
    this.cost.add(this.listCost.sum);
  }
}

/** What most calls have none of. A comparison with NaN is false. */
function hasRareParts(response: ResponseFacts): boolean {
  return (
    response.cacheWrite1hTokens > 0 ||
    response.audioPromptTokens > 0 ||
    response.cachedAudioPromptTokens > 0 ||
    response.imagePromptTokens > 0 ||
    response.audioCompletionTokens > 0 ||
    response.imageCompletionTokens > 0 ||
    response.webSearchRequests > 0
  );
}

/** A cost that the provider or a gateway charged; what a client library multiplied out for itself is no such thing. */
function reporterOf({ reportedCostUsd, costReportedBy }: ResponseFacts): BilledModel['reportedBy'] {
  return costReportedBy === null || costReportedBy === 'client' || Number.isNaN(reportedCostUsd) ? '' : costReportedBy;
}

/** No provider bills a call that failed before its first token. */
function isBeforeOutput({ completionTokens, reasoningTokens, timeToFirstTokenMs }: ResponseFacts): boolean {
  return !(completionTokens > 0) && !(reasoningTokens > 0) && Number.isNaN(timeToFirstTokenMs);
}

/** There was output, and nobody says how much: a first token came, and none was counted. */
function isCutOff({ completionTokens, timeToFirstTokenMs }: ResponseFacts): boolean {
  return !(completionTokens > 0) && !Number.isNaN(timeToFirstTokenMs);
}

/**
 * The clocks of a sender's hosts may differ: a call that ends when it began, or before, says nothing about how long it
 * took. Nor does one that took weeks.
 */
function elapsedMs(pending: PendingRequest, response: ResponseFacts): number {
  const elapsed = response.timestampMs - pending.timestampMs;
  return elapsed > 0 && elapsed < ELAPSED_MS_MAX ? elapsed : Number.NaN;
}

const ELAPSED_MS_MAX = 7 * 24 * 3_600_000;

/** A first token behind the end is a mistake of the unit. A millisecond is what rounding may make of it. */
function firstTokenMs(timeToFirstTokenMs: number, latencyMs: number): number {
  return timeToFirstTokenMs > latencyMs + 1 ? Number.NaN : timeToFirstTokenMs;
}

const orElse = (count: number, other: number): number => (Number.isNaN(count) ? other : count);
