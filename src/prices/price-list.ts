import {
  type ConditionalPrice,
  type MatchLogic,
  type ModelInfo,
  type Provider,
  waitForUpdate,
} from '@pydantic/genai-prices';

/** A version of the list of genai-prices. */
export interface PriceList {
  readonly version: string;
  /** The day on which it was published, `2026-09-23`. */
  readonly date: string;
  readonly providers: readonly Provider[];
}

/** The list that comes with the program. Nothing is fetched for it: the library has it in itself. */
export const BUILT_IN_LIST: PriceList = {
  version: '0.1.8',
  date: '2026-09-23',
  providers: (await waitForUpdate()) ?? [],
};

export const listName = ({ version, date }: Pick<PriceList, 'version' | 'date'>): string =>
  `genai-prices ${version} of ${date}`;

/** USD per million tokens; the dearest model ever listed is far below. */
const PRICE_MAX = 1_000_000;
const PROVIDERS_MAX = 1_000;
const MODELS_MAX = 20_000;
const TEXT_MAX = 2_000;
const DEPTH_MAX = 20;

/**
 * Checks what calls itself a list of prices, field by field as far as we read it. The rest is left out.
 *
 * @throws {Error} names the field
 */
export function checkProviders(value: unknown): readonly Provider[] {
  const providers = listOf(value, 'the list', PROVIDERS_MAX).map((item, index) => providerOf(item, `[${index}]`));
  if (providers.length === 0) throw new Error('the list is empty');
  return providers;
}

/** @throws {Error} names the field */
export function parsePriceList(text: string): PriceList {
  const { version, date, providers } = fieldsOf(JSON.parse(text), 'the file');
  return {
    version: textOf(version, 'version'),
    date: dayOf(date, 'date'),
    providers: checkProviders(providers),
  };
}

function providerOf(value: unknown, at: string): Provider {
  const {
    id,
    name,
    api_pattern: pattern,
    model_match: match,
    fallback_model_providers: fallbacks,
    models,
  } = fieldsOf(value, at);
  return {
    id: textOf(id, `${at}.id`),
    name: textOf(name ?? id, `${at}.name`),
    api_pattern: textOf(pattern ?? '', `${at}.api_pattern`),
    ...(match === undefined ? {} : { model_match: matchOf(match, `${at}.model_match`) }),
    ...(fallbacks === undefined
      ? {}
      : {
          fallback_model_providers: listOf(fallbacks, `${at}.fallback_model_providers`, PROVIDERS_MAX).map((one) =>
            textOf(one, `${at}.fallback_model_providers`),
          ),
        }),
    models: listOf(models, `${at}.models`, MODELS_MAX).map((item, index) => modelOf(item, `${at}.models[${index}]`)),
  };
}

function modelOf(value: unknown, at: string): ModelInfo {
  const { id, match, prices } = fieldsOf(value, at);
  const conditional = Array.isArray(prices);
  if (conditional && prices.length === 0) throw new Error(`${at}.prices is empty`);
  return {
    id: textOf(id, `${at}.id`),
    match: matchOf(match, `${at}.match`),
    prices: conditional
      ? prices.map((item, index) => conditionalOf(item, `${at}.prices[${index}]`))
      : pricesOf(prices, `${at}.prices`),
  };
}

function conditionalOf(value: unknown, at: string): ConditionalPrice {
  const { constraint, prices } = fieldsOf(value, at);
  const checked = pricesOf(prices, `${at}.prices`);
  if (constraint === undefined || constraint === null) return { prices: checked };
  const { start_date: date, start_time: start, end_time: end } = fieldsOf(constraint, `${at}.constraint`);
  if (date !== undefined)
    return {
      constraint: { type: 'start_date', start_date: dayOf(date, `${at}.constraint.start_date`) },
      prices: checked,
    };
  const time = (of: unknown, name: string): string => {
    const text = textOf(of, name);
    if (Number.isNaN(Date.parse(`1970-01-02T${text}`))) throw new Error(`${name} is no time of day`);
    return text;
  };
  return {
    constraint: {
      type: 'time_of_date',
      start_time: time(start, `${at}.constraint.start_time`),
      end_time: time(end, `${at}.constraint.end_time`),
    },
    prices: checked,
  };
}

function pricesOf(value: unknown, at: string): ModelInfo['prices'] & Record<string, never> {
  const checked = Object.entries(fieldsOf(value, at)).map(([name, price]) => {
    if (typeof price !== 'object') return [name, numberOf(price, `${at}.${name}`)];
    const { base, tiers } = fieldsOf(price, `${at}.${name}`);
    return [
      name,
      {
        base: numberOf(base, `${at}.${name}.base`),
        tiers: listOf(tiers, `${at}.${name}.tiers`, 50).map((item) => {
          const tier = fieldsOf(item, `${at}.${name}.tiers`);
          return {
            start: numberOf(tier['start'], `${at}.${name}.tiers.start`, 1e9),
            price: numberOf(tier['price'], `${at}.${name}.tiers.price`),
          };
        }),
      },
    ];
  });
  return Object.fromEntries(checked) as Record<string, never>;
}

function matchOf(value: unknown, at: string, depth = 0): MatchLogic {
  const [[kind, of] = ['', undefined], ...more] = Object.entries(fieldsOf(value, at));
  if (more.length > 0 || depth > DEPTH_MAX) throw new Error(`${at} must be one rule`);
  if (kind === 'or' || kind === 'and') {
    const rules = listOf(of, `${at}.${kind}`, MODELS_MAX).map((rule) => matchOf(rule, `${at}.${kind}`, depth + 1));
    return kind === 'or' ? { or: rules } : { and: rules };
  }
  if (!['equals', 'starts_with', 'ends_with', 'contains', 'regex'].includes(kind))
    throw new Error(`${at} is no rule that is known`);
  const text = textOf(of, `${at}.${kind}`);
  if (kind === 'regex') requireExpression(text, `${at}.regex`);
  return { [kind]: text } as unknown as MatchLogic;
}

function requireExpression(text: string, at: string): void {
  try {
    ''.search(text);
  } catch (cause) {
    throw new Error(`${at} is no regular expression`, { cause });
  }
}

function fieldsOf(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${at} must be an object`);
}

function listOf(value: unknown, at: string, itemsMax: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= itemsMax) return value;
  throw new Error(`${at} must be a list of at most ${itemsMax}`);
}

function textOf(value: unknown, at: string): string {
  if (typeof value === 'string' && value.length <= TEXT_MAX) return value;
  throw new Error(`${at} must be a text of at most ${TEXT_MAX} characters`);
}

function numberOf(value: unknown, at: string, max = PRICE_MAX): number {
  if (typeof value === 'number' && value >= 0 && value <= max) return value;
  throw new Error(`${at} must be a number from 0 to ${max}`);
}

function dayOf(value: unknown, at: string): string {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))) return value;
  throw new Error(`${at} must be a day such as 2026-01-31`);
}
