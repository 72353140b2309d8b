import type { ExactSum } from '../tally/exact-sum.ts';
import type { Price, Rates } from './price-book.ts';

/** The parts of a call that have a price of their own. They are disjoint, so their sum is prompt plus completion. */
export interface BillableTokens {
  /** Prompt tokens that are neither cached, nor written to a cache, nor audio. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Completion tokens that are not audio; reasoning is billed as output everywhere and stays in here. */
  readonly outputTokens: number;
  readonly inputAudioTokens: number;
  readonly outputAudioTokens: number;
}

/** As providers report them: cached, written and audio tokens are parts of the prompt, not beside it. */
export interface ReportedTokens {
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly cacheWriteTokens: number;
  readonly completionTokens: number;
  readonly audioPromptTokens?: number;
  readonly audioCompletionTokens?: number;
}

/**
 * Cuts what was reported into disjoint parts.
 *
 * Parts that add up to more than their whole are cut down in the order cache read, cache write, audio, so that a
 * sender's mistake is never billed as more tokens than it reported. Audio that was read from a cache counts as cache
 * read: no sender tells the overlap.
 */
export function billableTokens(reported: ReportedTokens): BillableTokens {
  const { promptTokens, completionTokens } = reported;
  const cacheReadTokens = Math.min(reported.cachedPromptTokens, promptTokens);
  let rest = promptTokens - cacheReadTokens;
  const cacheWriteTokens = Math.min(reported.cacheWriteTokens, rest);
  rest -= cacheWriteTokens;
  const inputAudioTokens = Math.min(reported.audioPromptTokens ?? 0, rest);
  const outputAudioTokens = Math.min(reported.audioCompletionTokens ?? 0, completionTokens);
  return {
    inputTokens: rest - inputAudioTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: completionTokens - outputAudioTokens,
    inputAudioTokens,
    outputAudioTokens,
  };
}

/** `into += tokens * rates`, in 10^-12 USD. Exact, whatever the size; the same sum per call or over many at once. */
export function addCost(into: ExactSum, tokens: BillableTokens, rates: Rates): void {
  into.addProduct(tokens.inputTokens, rates.input);
  into.addProduct(tokens.outputTokens, rates.output);
  // Most calls have none of these.
  if (tokens.cacheReadTokens > 0) into.addProduct(tokens.cacheReadTokens, rates.cacheRead);
  if (tokens.cacheWriteTokens > 0) into.addProduct(tokens.cacheWriteTokens, rates.cacheWrite);
  if (tokens.inputAudioTokens > 0) into.addProduct(tokens.inputAudioTokens, rates.inputAudio);
  if (tokens.outputAudioTokens > 0) into.addProduct(tokens.outputAudioTokens, rates.outputAudio);
}

/** One line of a bill, in the field names of the API. */
export interface CostLine {
  /** `input`, `cache_read`, `cache_write`, `input_audio`, `output` or `output_audio`. */
  readonly part: string;
  readonly tokens: number;
  readonly usd_per_million_tokens: number;
  /** For reading: the exact sum is kept in 10^-12 USD, this is the nearest double. */
  readonly cost_usd: number;
}

/** Explains a call's cost. Parts without tokens have no line, so a call without tokens has no lines. */
export function costLines(tokens: BillableTokens, price: Price): readonly CostLine[] {
  const { rates } = price;
  return [
    costLine('input', tokens.inputTokens, rates.input),
    costLine('cache_read', tokens.cacheReadTokens, rates.cacheRead),
    costLine('cache_write', tokens.cacheWriteTokens, rates.cacheWrite),
    costLine('input_audio', tokens.inputAudioTokens, rates.inputAudio),
    costLine('output', tokens.outputTokens, rates.output),
    costLine('output_audio', tokens.outputAudioTokens, rates.outputAudio),
  ].filter((line) => line.tokens > 0);
}

function costLine(part: string, tokens: number, picoUsdPerToken: number): CostLine {
  return {
    part,
    tokens,
    usd_per_million_tokens: picoUsdPerToken / PICO_USD_PER_TOKEN,
    cost_usd: Number(BigInt(tokens) * BigInt(picoUsdPerToken)) / 1e12,
  };
}

/** 10^-12 USD per token that make one USD per million tokens. */
const PICO_USD_PER_TOKEN = 1_000_000;
