import type { Price, Rates } from './price-book.ts';
import { type PricePeriod, withEachPrice } from './price-period.ts';

/** What a host bills for searches of the web beside the tokens, in 10^-12 USD each. */
interface SearchFees extends Pick<Rates, 'webSearch' | 'groundedRequest' | 'request'> {
  /** They hold where the list has a fee too: that of the model's maker, or of another size of search. */
  readonly wins: boolean;
}

interface FeeRule {
  /** As `providerId` gives them; null for every host. */
  readonly hosts: readonly string[] | null;
  readonly model: RegExp;
  readonly usdPerThousand: Readonly<Partial<Omit<SearchFees, 'wins'>>>;
  readonly wins?: true;
}

/**
 * Where genai-prices has none: from LiteLLM's list (1.110.2 of 2026-11-28, `search_context_cost_per_query`), but for
 * xAI, whose page (https://docs.x.ai/developers/pricing, as stored on 2026-11-30) asks the same for the web and for X.
 * The first that fits holds.
 */
const RULES: readonly FeeRule[] = [
  { hosts: null, model: /claude/, usdPerThousand: { webSearch: 10 } },
  // These search with each call, and do not tell.
  { hosts: ['openai'], model: /^gpt-4o(?:-mini)?-search-preview/, usdPerThousand: { request: 25 } },
  { hosts: ['openai'], model: /^gpt-5-search-api/, usdPerThousand: { request: 10 } },
  { hosts: ['openai'], model: /^[^/]+$/, usdPerThousand: { webSearch: 10 } },
  { hosts: ['openrouter'], model: /^openai\//, usdPerThousand: { webSearch: 10 } },
  { hosts: ['azure'], model: /^/, usdPerThousand: { webSearch: 14 }, wins: true },
  { hosts: ['aws'], model: /openai\.gpt/, usdPerThousand: { webSearch: 12 } },
  // By the call, however many queries it takes; since version 3 by the query.
  { hosts: ['google', 'openrouter'], model: /gemini-(?:live-)?[12](?!\d)/, usdPerThousand: { groundedRequest: 35 } },
  { hosts: ['google', 'openrouter'], model: /gemini|nano-banana/, usdPerThousand: { webSearch: 14 } },
  { hosts: ['x-ai'], model: /^/, usdPerThousand: { webSearch: 5 } },
  { hosts: ['openrouter'], model: /^x-ai\//, usdPerThousand: { webSearch: 5 } },
  // By the size of the search, of which `low` is the default; genai-prices has that of `high`.
  { hosts: ['perplexity'], model: /^sonar(?:-reasoning)?$/, usdPerThousand: { request: 5 }, wins: true },
  { hosts: ['perplexity'], model: /^sonar(?:-reasoning)?-pro$/, usdPerThousand: { request: 6 }, wins: true },
  { hosts: ['groq'], model: /gpt-oss/, usdPerThousand: { webSearch: 5 } },
];

/** The fees of a model, from the first of its places that has some. @param places as `placesToLook` gives them */
export function searchFeesOf(places: readonly { readonly providerId: string; readonly name: string }[]): SearchFees {
  for (const { providerId, name } of places) {
    const rule = RULES.find(({ hosts, model }) => (hosts?.includes(providerId) ?? true) && model.test(name));
    if (rule !== undefined) return picoUsdOf(rule);
  }
  return NO_FEES;
}

const NO_FEES: SearchFees = { webSearch: 0, groundedRequest: 0, request: 0, wins: false };

function picoUsdOf({ usdPerThousand, wins }: FeeRule): SearchFees {
  const { webSearch = 0, groundedRequest = 0, request = 0 } = usdPerThousand;
  return {
    webSearch: webSearch * 1e9,
    groundedRequest: groundedRequest * 1e9,
    request: request * 1e9,
    wins: wins === true,
  };
}

/** Listed prices with these fees, unless the list has one of its own. */
export function withSearchFees(periods: readonly PricePeriod[], fees: SearchFees): readonly PricePeriod[] {
  if (fees === NO_FEES) return periods;
  const { wins, ...rates } = fees;
  return withEachPrice(periods, (price) =>
    !wins && (price.rates.webSearch > 0 || price.rates.request > 0) ? price : withRates(price, rates),
  );
}

/** Of the user's prices those that say nothing of searches cost as much for them as the list has it. */
export function withFeesOfList(
  periods: readonly PricePeriod[],
  { listed, fees }: { readonly listed: readonly PricePeriod[]; readonly fees: SearchFees },
): readonly PricePeriod[] {
  const { webSearch, groundedRequest } = listed.at(-1)?.bands?.[0].rates ?? fees;
  return withEachPrice(periods, (price) =>
    price.searchesAsListed === true ? withRates(price, { webSearch, groundedRequest }) : price,
  );
}

function withRates(price: Price, rates: Partial<Rates>): Price {
  return { ...price, rates: { ...price.rates, ...rates } };
}
