import type { ConditionalPrice, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import type { Price, Rates } from './price-book.ts';
import { listName, type PriceList } from './price-list.ts';
import { DAY_MS, type PeriodTime, type PricePeriod } from './price-period.ts';

/**
 * The periods of one model of genai-prices, equal to what its `calcPrice` computes for tokens of text, audio and image,
 * and for the call.
 *
 * @param providerId whose price list it is, for the `source`
 * @param list and of which version
 */
export function libraryPeriods(
  providerId: string,
  model: ModelInfo,
  list: Pick<PriceList, 'version' | 'date'>,
): readonly PricePeriod[] {
  return periodsOfModel(model, `${listName(list)}: ${providerId} ${model.id}`);
}

/** The periods of a model in the form of genai-prices. @param source what its prices say where they come from */
export function periodsOfModel(model: Pick<ModelInfo, 'id' | 'prices'>, source: string): readonly PricePeriod[] {
  const conditional: readonly ConditionalPrice[] = Array.isArray(model.prices)
    ? model.prices
    : [{ prices: model.prices }];
  return conditional.map((entry, index) => ({
    // The library falls back to its first entry where none holds, so the first holds always.
    when: index === 0 ? { kind: 'always' } : periodTime(entry.constraint),
    bands: bandsOf(entry.prices, { source, isClaude: CLAUDE.test(model.id) }),
  }));
}

const CLAUDE = /claude/i;

function periodTime(constraint: ConditionalPrice['constraint']): PeriodTime {
  if (constraint === undefined) return { kind: 'always' };
  if (constraint.type === 'start_date') return { kind: 'from', fromMs: Date.parse(constraint.start_date) };
  return { kind: 'daily', startMs: timeOfDayMs(constraint.start_time), endMs: timeOfDayMs(constraint.end_time) };
}

/** `16:30:00Z` or with an offset, as ms since midnight in UTC. */
function timeOfDayMs(time: string): number {
  const sinceEpochMs = Date.parse(`1970-01-02T${time}`);
  if (Number.isNaN(sinceEpochMs)) throw new Error(`genai-prices gives a time of day that is none: ${time}`);
  return sinceEpochMs % DAY_MS;
}

/**
 * A tier prices the whole call once the prompt is *longer* than its start, so a band begins one token later.
 *
 * An empty list is how the library writes "free" (OpenRouter's `:free`, Gemma on Google's API). A list without any
 * price per token is another matter: hours or pages are billed there, and zero would be wrong.
 */
function bandsOf(
  prices: ModelPrice,
  { source, isClaude }: { readonly source: string; readonly isClaude: boolean },
): readonly [Price, ...Price[]] | null {
  const keys = Object.keys(prices);
  if (keys.length > 0 && !keys.some((key) => key.endsWith('_mtok'))) return null;
  const starts = new Set<number>();
  for (const price of Object.values(prices)) {
    if (typeof price === 'object') for (const tier of price.tiers) starts.add(tier.start);
  }
  const from = { kind: 'list', source } as const;
  const base: Price = { rates: ratesAt(prices, 0, isClaude), bandFromTokens: 0, ...from };
  const higher = [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ rates: ratesAt(prices, start + 1, isClaude), bandFromTokens: start + 1, ...from }));
  return [base, ...higher];
}

/**
 * Where a part has no price of its own it is billed as the whole that it belongs to: cached, written and audio tokens
 * as input, spoken output as output. That is what a provider without a discount bills, and how the library
 * decomposes. No output price (embeddings) means that output is free.
 */
function ratesAt(prices: ModelPrice, promptTokens: number, isClaude: boolean): Rates {
  const rate = (key: string, otherwise: number): number => {
    const usdPerMillion = usdPerMillionAt(prices[key], promptTokens);
    return usdPerMillion === undefined ? otherwise : Math.round(usdPerMillion * 1e6);
  };
  const input = rate('input_mtok', 0);
  const output = rate('output_mtok', 0);
  const cacheRead = rate('cache_read_mtok', input);
  const cacheWrite = rate('cache_write_mtok', input);
  const inputAudio = rate('input_audio_mtok', input);
  return {
    input,
    cacheRead,
    cacheWrite,
    cacheWrite1h: rate('cache_write_1h_mtok', isClaude ? hourlyOf(cacheWrite, input) : cacheWrite),
    inputAudio,
    // A list with a price for reading and none for reading audio gives the discount to both.
    cacheReadAudio: rate('cache_audio_read_mtok', prices['cache_read_mtok'] === undefined ? inputAudio : cacheRead),
    inputImage: rate('input_image_mtok', input),
    output,
    outputAudio: rate('output_audio_mtok', output),
    outputImage: rate('output_image_mtok', output),
    request: feePer(prices['requests_kcount']),
    webSearch: feePer(prices['web_searches_kcount']),
    groundedRequest: 0,
  };
}

/**
 * Who else serves Claude (Bedrock, Vertex AI, gateways) bills its writes by Anthropic's factors too, 1.25 of the input
 * for five minutes and 2 for an hour; of the second the lists of theirs say nothing.
 */
function hourlyOf(cacheWrite: number, input: number): number {
  // Claude 3 Haiku's 1.25 is rounded down to 1.2.
  return cacheWrite >= 1.2 * input && cacheWrite <= 1.26 * input ? 2 * input : cacheWrite;
}

/** USD per thousand calls or searches, as 10^-12 USD for each. */
function feePer(usdPerThousand: ModelPrice[string]): number {
  return typeof usdPerThousand === 'number' ? Math.round(usdPerThousand * 1e9) : 0;
}

function usdPerMillionAt(price: ModelPrice[string], promptTokens: number): number | undefined {
  if (typeof price !== 'object') return price;
  let usdPerMillion = price.base;
  for (const tier of [...price.tiers].sort((a, b) => a.start - b.start)) {
    if (promptTokens > tier.start) usdPerMillion = tier.price;
  }
  return usdPerMillion;
}
