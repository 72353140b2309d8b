import { type Static, Type } from 'typebox';

/** One USD per token, thirty times the dearest model ever listed; more is a slip of the unit. */
const USD_PER_MILLION_MAX = 1_000_000;
const USD_PER_REQUEST_MAX = 1_000;
const UsdPerMillion = Type.Number({ minimum: 0, maximum: USD_PER_MILLION_MAX });
const UsdPerRequest = Type.Number({ minimum: 0, maximum: USD_PER_REQUEST_MAX });

const RATE_FIELDS = {
  cache_read_usd_per_million: Type.Optional(UsdPerMillion),
  cache_write_usd_per_million: Type.Optional(UsdPerMillion),
  input_audio_usd_per_million: Type.Optional(UsdPerMillion),
  cache_write_1h_usd_per_million: Type.Optional(UsdPerMillion),
  cache_read_audio_usd_per_million: Type.Optional(UsdPerMillion),
  input_image_usd_per_million: Type.Optional(UsdPerMillion),
  output_audio_usd_per_million: Type.Optional(UsdPerMillion),
  output_image_usd_per_million: Type.Optional(UsdPerMillion),
  usd_per_request: Type.Optional(UsdPerRequest),
  usd_per_web_search: Type.Optional(UsdPerRequest),
  usd_per_grounded_request: Type.Optional(UsdPerRequest),
};

/** Prices of the whole call where its prompt is longer than this; what is not given stays as in the entry. */
const Tier = Type.Object(
  {
    above_prompt_tokens: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
    input_usd_per_million: Type.Optional(UsdPerMillion),
    output_usd_per_million: Type.Optional(UsdPerMillion),
    ...RATE_FIELDS,
  },
  { additionalProperties: false },
);

const PRICED_TIERS = ['standard', 'flex', 'batch', 'priority', 'reserved', 'other'] as const;
type PricedTier = (typeof PRICED_TIERS)[number];

const Entry = Type.Object(
  {
    provider: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    model: Type.String({ minLength: 1, maxLength: 255 }),
    /** A day (from 00:00 UTC) or an RFC 3339 time. */
    from: Type.Optional(
      Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d(?:[Tt]\\d\\d:\\d\\d(?::\\d\\d)?(?:[Zz]|[+-]\\d\\d:\\d\\d))?$' }),
    ),
    /** Only for calls that this tier served; without it, for all of them. */
    service_tier: Type.Optional(Type.Unsafe<PricedTier>({ type: 'string', enum: [...PRICED_TIERS] })),
    input_usd_per_million: UsdPerMillion,
    output_usd_per_million: UsdPerMillion,
    ...RATE_FIELDS,
    tiers: Type.Optional(Type.Array(Tier, { maxItems: 20 })),
  },
  { additionalProperties: false },
);

/** The user's price file, in YAML or JSON. `docs/pricing.md` explains it by example. */
export const PriceFile = Type.Object(
  { prices: Type.Array(Entry, { maxItems: 10_000 }) },
  { additionalProperties: false },
);
export type PriceFile = Static<typeof PriceFile>;
export type PriceEntry = Static<typeof Entry>;
export type PriceTier = Static<typeof Tier>;

/** What each field must be, for people. */
export const FIELD_RULES: Readonly<Record<string, string>> = {
  prices: 'must be a list of at most 10,000 prices',
  provider: 'must be a text of 1 to 255 characters',
  model: 'must be a text of 1 to 255 characters (quote it where YAML would read a number)',
  from: 'must be a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z',
  tiers: 'must be a list of at most 20 tiers',
  above_prompt_tokens: 'must be a whole number from 1 to 100,000,000',
  input_usd_per_million: 'must be a number from 0 to 1,000,000',
  output_usd_per_million: 'must be a number from 0 to 1,000,000',
  cache_read_usd_per_million: 'must be a number from 0 to 1,000,000',
  cache_write_usd_per_million: 'must be a number from 0 to 1,000,000',
  input_audio_usd_per_million: 'must be a number from 0 to 1,000,000',
  output_audio_usd_per_million: 'must be a number from 0 to 1,000,000',
  cache_write_1h_usd_per_million: 'must be a number from 0 to 1,000,000',
  cache_read_audio_usd_per_million: 'must be a number from 0 to 1,000,000',
  input_image_usd_per_million: 'must be a number from 0 to 1,000,000',
  output_image_usd_per_million: 'must be a number from 0 to 1,000,000',
  usd_per_request: 'must be a number from 0 to 1,000',
  usd_per_web_search: 'must be a number from 0 to 1,000',
  usd_per_grounded_request: 'must be a number from 0 to 1,000',
  service_tier: `must be one of ${PRICED_TIERS.join(', ')}`,
};
