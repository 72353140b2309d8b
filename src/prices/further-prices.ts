import type { ModelPrice } from '@pydantic/genai-prices';
import list from './further-prices.json' with { type: 'json' };
import { periodsOfModel } from './library-prices.ts';
import { isCustomModel, type ModelName, spellings } from './model-name.ts';
import type { PricePeriod } from './price-period.ts';

/** What a second list says of a model, by its exact name. */
export interface FurtherPrice {
  readonly providerId: string;
  readonly model: string;
  readonly periods: readonly PricePeriod[];
  /** It is right where genai-prices has a price too: of another region, or of what an alias stood for before. */
  readonly wins: boolean;
}

/** As `scripts/write-further-prices.ts` writes them. */
interface Group {
  readonly provider: string;
  readonly wins?: boolean;
  readonly from?: string;
  readonly prices: ModelPrice;
  readonly models: readonly string[];
}

/** When the list was read: a genai-prices that is newer is not corrected by it. */
export const FURTHER_PRICES_DATE = list.date;

const GROUPS: ReadonlyMap<string, Group> = new Map(
  (list.groups as unknown as readonly Group[]).flatMap((group) =>
    group.models.map((model) => [`${group.provider} ${model}`, group] as const),
  ),
);

/**
 * The price of a model in LiteLLM's list: of hosts, regions and models that genai-prices does not have. The name has to
 * be the listed one but for what names the host, its date and its punctuation; nothing is searched within names.
 */
export function findFurtherPrice(places: readonly ModelName[]): FurtherPrice | null {
  for (const { providerId, name } of places) {
    for (const spelling of exactNames(providerId, name)) {
      const group = GROUPS.get(`${providerId} ${spelling}`);
      if (group !== undefined) return priceOf(group, spelling);
    }
  }
  return null;
}

/** `ft:gpt-4.1-2025-04-14:org::id` has the price of all that were made of that base model. */
function exactNames(providerId: string, name: string): readonly string[] {
  if (!isCustomModel(name)) return spellings(providerId, name);
  return name.startsWith('ft:') ? [name.split(':', 2).join(':')] : [];
}

function priceOf({ provider, wins = false, from, prices }: Group, model: string): FurtherPrice {
  const periods = periodsOfModel({ id: model, prices }, `${list.source} of ${list.date}: ${provider} ${model}`);
  const when = from === undefined ? undefined : ({ kind: 'from', fromMs: Date.parse(from) } as const);
  return {
    providerId: provider,
    model,
    wins,
    periods: when === undefined ? periods : periods.map((period) => ({ ...period, when })),
  };
}
