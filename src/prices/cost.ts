import { ExactSum } from '../tally/exact-sum.ts';
import type { Rates } from './price-book.ts';

/**
 * The parts of a call that have a price of their own. Those of tokens are disjoint, so their sum is prompt plus
 * completion.
 */
export interface BillableTokens {
  /** Prompt tokens that are neither cached, nor written to a cache, nor audio, nor image. */
  readonly inputTokens: number;
  /** Read from a cache, but for audio. */
  readonly cacheReadTokens: number;
  /** Written to a cache for a short time. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly inputAudioTokens: number;
  readonly cacheReadAudioTokens: number;
  readonly inputImageTokens: number;
  /** Completion tokens that are neither audio nor image; reasoning is billed as output everywhere and stays in here. */
  readonly outputTokens: number;
  readonly outputAudioTokens: number;
  readonly outputImageTokens: number;
  /** Calls that are billed, for a fee per call. */
  readonly requestFees: number;
  /** Searches of the web that the provider ran. */
  readonly webSearches: number;
  /** Calls with at least one of them, for a fee per such call. */
  readonly groundedRequests: number;
}

/**
 * Token counts in the form in which providers report them: cached, written, audio and image tokens are parts of the
 * prompt, not beside it.
 */
export interface ReportedTokens {
  readonly promptTokens: number;
  /** Cached audio included. */
  readonly cachedPromptTokens: number;
  /** Those for an hour included. */
  readonly cacheWriteTokens: number;
  readonly completionTokens: number;
  readonly cacheWrite1hTokens?: number;
  readonly audioPromptTokens?: number;
  /** The part of both the cached and the audio tokens. */
  readonly cachedAudioPromptTokens?: number;
  readonly imagePromptTokens?: number;
  readonly audioCompletionTokens?: number;
  readonly imageCompletionTokens?: number;
  readonly webSearchRequests?: number;
}

/**
 * Cuts what was reported into disjoint parts.
 *
 * Parts that add up to more than their whole are cut down in the order cache read, cache write, audio, image, so that a
 * sender's mistake is never billed as more tokens than it reported. How much of the audio was cached is what the sender
 * says; else the least that can be: as much as cached and audio tokens together are more than the prompt.
 */
export function billableTokens(reported: ReportedTokens): BillableTokens {
  const { promptTokens, completionTokens } = reported;
  const cached = Math.min(reported.cachedPromptTokens, promptTokens);
  let rest = promptTokens - cached;
  const hourly = reported.cacheWrite1hTokens ?? 0;
  const written = Math.min(Math.max(reported.cacheWriteTokens, hourly), rest);
  rest -= written;
  const audio = Math.min(reported.audioPromptTokens ?? 0, promptTokens - written);
  const cachedAudio = Math.min(Math.max(reported.cachedAudioPromptTokens ?? 0, audio - rest), cached, audio);
  const inputAudioTokens = Math.min(audio - cachedAudio, rest);
  rest -= inputAudioTokens;
  const inputImageTokens = Math.min(reported.imagePromptTokens ?? 0, rest);
  const outputAudioTokens = Math.min(reported.audioCompletionTokens ?? 0, completionTokens);
  const outputImageTokens = Math.min(reported.imageCompletionTokens ?? 0, completionTokens - outputAudioTokens);
  const cacheWrite1hTokens = Math.min(hourly, written);
  const webSearches = reported.webSearchRequests ?? 0;
  return {
    inputTokens: rest - inputImageTokens,
    cacheReadTokens: cached - cachedAudio,
    cacheWriteTokens: written - cacheWrite1hTokens,
    cacheWrite1hTokens,
    inputAudioTokens,
    cacheReadAudioTokens: cachedAudio,
    inputImageTokens,
    outputTokens: completionTokens - outputAudioTokens - outputImageTokens,
    outputAudioTokens,
    outputImageTokens,
    requestFees: 1,
    webSearches,
    groundedRequests: webSearches > 0 ? 1 : 0,
  };
}

/** What a line of a bill is for. */
export type BillPart =
  | 'input'
  | 'cache_read'
  | 'cache_write'
  | 'cache_write_1h'
  | 'input_audio'
  | 'cache_read_audio'
  | 'input_image'
  | 'output'
  | 'output_audio'
  | 'output_image'
  | 'request'
  | 'web_search'
  | 'grounded_request';

/** Those that are no tokens. */
export const FEE_PARTS: ReadonlySet<BillPart> = new Set(['request', 'web_search', 'grounded_request']);

/** Takes the lines of a bill. */
export interface BillLines {
  /** @param rate 10^-12 USD a piece */
  line(part: BillPart, count: number, rate: number): void;
}

/**
 * Writes the bill for these tokens: one line for each part that there is. Costs are added up from these lines and
 * explained by them, so that the two cannot disagree.
 */
export function writeBill(tokens: BillableTokens, rates: Rates, into: BillLines): void {
  if (tokens.inputTokens > 0) into.line('input', tokens.inputTokens, rates.input);
  // Most calls have none of the rare parts.
  if (tokens.cacheReadTokens > 0) into.line('cache_read', tokens.cacheReadTokens, rates.cacheRead);
  if (tokens.cacheWriteTokens > 0) into.line('cache_write', tokens.cacheWriteTokens, rates.cacheWrite);
  if (tokens.cacheWrite1hTokens > 0) into.line('cache_write_1h', tokens.cacheWrite1hTokens, rates.cacheWrite1h);
  if (tokens.inputAudioTokens > 0) into.line('input_audio', tokens.inputAudioTokens, rates.inputAudio);
  if (tokens.cacheReadAudioTokens > 0) into.line('cache_read_audio', tokens.cacheReadAudioTokens, rates.cacheReadAudio);
  if (tokens.inputImageTokens > 0) into.line('input_image', tokens.inputImageTokens, rates.inputImage);
  if (tokens.outputTokens > 0) into.line('output', tokens.outputTokens, rates.output);
  if (tokens.outputAudioTokens > 0) into.line('output_audio', tokens.outputAudioTokens, rates.outputAudio);
  if (tokens.outputImageTokens > 0) into.line('output_image', tokens.outputImageTokens, rates.outputImage);
  if (tokens.requestFees > 0 && rates.request > 0) into.line('request', tokens.requestFees, rates.request);
  // Also where it is free: a later price is for this count.
  if (tokens.webSearches > 0) into.line('web_search', tokens.webSearches, rates.webSearch);
  if (tokens.groundedRequests > 0 && rates.groundedRequest > 0) {
    into.line('grounded_request', tokens.groundedRequests, rates.groundedRequest);
  }
}

/** Adds the lines of bills up, in 10^-12 USD. Exact, whatever the size; the same sum per call or over many at once. */
export class BillSum implements BillLines {
  readonly sum = new ExactSum();

  line(_part: BillPart, count: number, rate: number): void {
    this.sum.addProduct(count, rate);
  }
}
