/**
 * Writes `src/prices/further-prices.json` from LiteLLM's list of prices: what genai-prices does not have (hosts, regions,
 * models) or has wrong.
 *
 *     node scripts/write-further-prices.ts model_prices_and_context_window_backup.json 1.110.2
 *
 * The file is in the Python package `litellm` (MIT). Where both lists have a price, that of genai-prices stays, but for the
 * names below: an alias that stands for another model now, a price imported from somebody else's page, a region's own price.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ModelPrice } from '@pydantic/genai-prices';
import { LibraryLookup } from '../src/prices/library-lookup.ts';
import { periodsOfModel } from '../src/prices/library-prices.ts';
import type { Price, Rates } from '../src/prices/price-book.ts';
import { BUILT_IN_LIST } from '../src/prices/price-list.ts';
import { bandFor, periodAt } from '../src/prices/price-period.ts';
import { PRICE_STEPS } from '../src/prices/price-steps.ts';
import { LITELLM_PROVIDERS } from './litellm-providers.ts';

const [file = '', version = '', date = new Date().toISOString().slice(0, 10)] = process.argv.slice(2);
const list = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;

/** Names whose price here wins, and since when where genai-prices has the one before. */
const CORRECTED: readonly (readonly [name: RegExp, from?: string])[] = [
  // Listed there without what spoken tokens cost, which is 4 to 16 times as much as text.
  [/^openai gpt-4o(?:-mini)?-audio-preview/],
  [/^azure gpt-4o(?:-mini)?-audio-preview/],
  // Without the discount for cached tokens.
  [/^openai ft:gpt-4o-(?:mini-2024-07-18|2024-08-06)/],
  [/^aws (?:\w+\.)?anthropic\.claude-3-opus/],
  // Under the price of another model.
  [/^aws amazon\.titan-embed-text-v2/],
  [/^groq openai\/gpt-oss-safeguard/],
  [/^fireworks .*deepseek-v4-flash-0731/],
  // Taken from OpenRouter, where other hosts serve it.
  [/^azure phi-4/],
  [/^deepseek deepseek-v3\.2$/],
  // Aliases that stand for another model since.
  [/^deepseek deepseek-(?:chat|reasoner)$/, '2025-09-29'],
  [/^mistral mistral-large-latest/, '2025-12-02'],
  [/^mistral mistral-small-latest/, '2026-03-16'],
  [/^mistral (?:mistral-medium$|.*-latest)/],
];

/** Names that the list has with a date only. */
const UNDATED: Readonly<Record<string, string>> = {
  'gpt-4o-audio-preview': 'gpt-4o-audio-preview-2024-12-17',
  'gpt-4o-mini-audio-preview': 'gpt-4o-mini-audio-preview-2024-12-17',
  'azure/gpt-4o-audio-preview': 'azure/gpt-4o-audio-preview-2024-12-17',
  'azure/gpt-4o-mini-audio-preview': 'azure/gpt-4o-mini-audio-preview-2024-12-17',
};
for (const [name, dated] of Object.entries(UNDATED)) list[name] ??= list[dated] ?? {};

/** A region or a geography in the name. */
const REGIONAL =
  /^(?:aws (?:(?:us|us-gov|eu|apac|ap|au|ca|in|jp|sa|global)\.|[a-z]+(?:-[a-z]+)+-\d\/)|azure (?:us|eu|apac|global|global-standard)\/)/;

const PARTS = {
  input_mtok: 'input_cost_per_token',
  cache_read_mtok: 'cache_read_input_token_cost',
  cache_write_mtok: 'cache_creation_input_token_cost',
  cache_write_1h_mtok: 'cache_creation_input_token_cost_above_1hr',
  input_audio_mtok: 'input_cost_per_audio_token',
  cache_audio_read_mtok: 'cache_read_input_audio_token_cost',
  input_image_mtok: 'input_cost_per_image_token',
  output_mtok: 'output_cost_per_token',
  output_audio_mtok: 'output_cost_per_audio_token',
  output_image_mtok: 'output_cost_per_image_token',
};

/** What is not billed by tokens alone. */
const OTHER_UNITS =
  /^(?:(?:input|output)_cost_per_(?:second|character|image|pixel|query|request|video|audio_per_second|text_message)|ocr_cost|tiered_pricing)/;
const ABOVE = /_above_(\d+)k_tokens$/;

/** In the form of genai-prices; null where tokens are not the whole of a bill, or its steps are none of ours. */
function pricesOf(model: Record<string, unknown>): ModelPrice | null {
  if (Object.entries(model).some(([key, value]) => OTHER_UNITS.test(key) && value !== 0 && !key.endsWith('_token'))) {
    return null;
  }
  const limits = Object.keys(model)
    .filter((key) => Object.values(PARTS).some((part) => key === part + (ABOVE.exec(key)?.[0] ?? ' ')))
    .map((key) => Number(ABOVE.exec(key)?.[1]));
  const steps = [...new Set(limits)].sort((a, b) => a - b);
  if (steps.some((step) => !PRICE_STEPS.includes(step * 1000 + 1))) return null;
  const prices: ModelPrice = {};
  for (const [part, key] of Object.entries(PARTS)) {
    const base = perMillion(model[key]);
    // A price of nothing for a part beside others is one that nobody filled in.
    if (base === undefined || (base === 0 && part !== 'output_mtok')) continue;
    const tiers = steps.flatMap((step) => {
      const price = perMillion(model[`${key}_above_${step}k_tokens`]);
      return price === undefined ? [] : [{ start: step * 1000, price }];
    });
    prices[part as 'input_mtok'] = tiers.length === 0 ? base : { base, tiers };
  }
  // A surcharge, or a price of which the other half is missing.
  if (model['mode'] === 'chat' && (prices['output_mtok'] ?? 0) === 0) return null;
  return prices['input_mtok'] === undefined ? null : prices;
}

/** Their prices are products of binary fractions: six decimals are what they mean. */
function perMillion(price: unknown): number | undefined {
  return typeof price === 'number' ? Number((price * 1e6).toFixed(5)) : undefined;
}

const lookup = new LibraryLookup(BUILT_IN_LIST.providers);
const AT_MS = Date.parse(`${date}T12:00:00Z`);

function listed(provider: string, name: string, promptTokens: number): Price | null {
  const found = lookup.find(provider, name);
  if (found === null) return null;
  const bands = periodAt(periodsOfModel(found.model, ''), AT_MS)?.bands ?? null;
  return bands && bandFor(bands, promptTokens);
}

function ours(prices: ModelPrice, name: string, promptTokens: number): Rates {
  const bands = periodsOfModel({ id: name, prices }, '')[0]?.bands;
  if (!bands) throw new Error(`${name} has no bands`);
  return bandFor(bands, promptTokens).rates;
}

const SIZES = [1, ...PRICE_STEPS];
/** Of which nothing is read here, see `src/prices/search-fees.ts`. */
const FEES: ReadonlySet<keyof Rates> = new Set(['request', 'webSearch', 'groundedRequest']);

function differs(a: Rates | undefined, b: Rates): boolean {
  return (
    a === undefined ||
    (Object.keys(b) as (keyof Rates)[]).some((part) => !FEES.has(part) && Math.abs(a[part] - b[part]) > 0.011 * b[part])
  );
}

/** Whether both have the same price for short prompts, and only theirs has another for long ones. */
function lacksSteps(provider: string, name: string, prices: ModelPrice): boolean {
  const [first, ...longer] = SIZES.map(
    (size) => [listed(provider, name, size)?.rates, ours(prices, name, size)] as const,
  );
  const isLike = (a?: Rates, b?: Rates) => a && b && Math.abs(a.input - b.input) + Math.abs(a.output - b.output) < 2;
  const isFlat = new Set(longer.map(([rates]) => JSON.stringify(rates))).size === 1;
  return Boolean(first && isLike(...first) && isFlat && longer.some(([a, b]) => !isLike(a, b)));
}

function bareName(provider: string, name: string): string {
  const bare = name
    .toLowerCase()
    .replace(new RegExp(`^(?:${provider}|${provider.split('-')[0]}|azure_ai|text-completion-openai|bedrock)/`), '');
  return bare;
}

const groups = new Map<string, Set<string>>();
const known = new Set<string>();
let corrections = 0;
for (const [theirs, provider] of Object.entries(LITELLM_PROVIDERS)) {
  for (const [name, model] of Object.entries(list)) {
    const prices = model['litellm_provider'] === theirs ? pricesOf(model) : null;
    const bare = bareName(theirs, name);
    const full = `${provider} ${bare}`;
    if (prices === null || known.has(full)) continue;
    // The base model's price stands there for models of Claude that have none outside of a geography.
    const sibling = list[`us.${bare}`];
    const own = (bare.startsWith('anthropic.claude') && sibling ? pricesOf(sibling) : null) ?? prices;
    const price = listed(provider, bare, 1);
    const corrected = CORRECTED.find(([pattern]) => pattern.test(full));
    const isOther = SIZES.some((size) => differs(listed(provider, bare, size)?.rates, ours(own, bare, size)));
    const wins =
      price !== null && isOther && (corrected !== undefined || REGIONAL.test(full) || lacksSteps(provider, bare, own));
    if (price !== null && !wins) continue;
    known.add(full);
    if (wins) corrections++;
    const group = JSON.stringify({
      provider,
      ...(wins ? { wins } : {}),
      ...(wins && corrected?.[1] !== undefined ? { from: corrected[1] } : {}),
      prices: own,
    });
    groups.set(group, (groups.get(group) ?? new Set()).add(bare));
  }
}

const rows = [...groups].map(
  ([group, names]) => `${group.slice(0, -1)},"models":${JSON.stringify([...names].sort())}}`,
);
writeFileSync(
  'src/prices/further-prices.json',
  `{\n"source": "litellm ${version}",\n"date": "${date}",\n"groups": [\n${rows.sort().join(',\n')}\n]\n}\n`,
);
process.stdout.write(`${known.size} models, ${corrections} of them corrected, in ${rows.length} groups\n`);
