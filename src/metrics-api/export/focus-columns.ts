import { serviceTierOf } from '../../prices/service-tier.ts';
import { wholeDecimal } from './decimal-text.ts';
import type { DerivedColumn, ExportValue } from './export-column.ts';
import type { ChargePart, FocusCharge } from './focus-charges.ts';

/** The version of the specification that the rows are of. */
export const FOCUS_VERSION = '1.2';

/** A charge, and what is the same for all of an export. */
export interface FocusSource {
  readonly charge: FocusCharge;
  readonly billingAccount: string;
  /** Log time up to which every event was counted when it was read; null before the first. */
  readonly completeThroughMs: number | null;
}

const METERS: Readonly<Record<ChargePart, string>> = {
  input: 'Input Tokens',
  cache_read: 'Cached Input Tokens',
  cache_write: 'Cache Write Tokens',
  cache_write_1h: 'One-Hour Cache Write Tokens',
  input_audio: 'Audio Input Tokens',
  cache_read_audio: 'Cached Audio Input Tokens',
  input_image: 'Image Input Tokens',
  output: 'Output Tokens',
  output_audio: 'Audio Output Tokens',
  output_image: 'Image Output Tokens',
  request: 'Requests',
  web_search: 'Web Searches',
  grounded_request: 'Requests With Web Searches',
  mixed: 'All Tokens',
  unpriced: 'Requests Without a Known Cost',
  free: 'Requests Without a Charge',
};

const UNITS = { token: 'Tokens', request: 'Requests', search: 'Searches', charge: 'Charges' } as const;

const providerOf = ({ row }: FocusCharge): string => row.billed.provider || row.provider || 'unknown';
const modelOf = ({ row }: FocusCharge): string => row.billed.model || row.model;
const skuOf = (charge: FocusCharge): string => `${providerOf(charge)}/${modelOf(charge)}/${charge.part}`;
const tierOf = ({ row }: FocusCharge): string => serviceTierOf(row.billed.serviceTier) || 'standard';
const skuPriceOf = (charge: FocusCharge): string =>
  `${skuOf(charge)}/${tierOf(charge)}/${charge.row.billed.bandFromTokens}`;

function monthOf(charge: FocusCharge, after: 0 | 1): number {
  const start = new Date(charge.period.fromMs);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + after);
}

type Kind = DerivedColumn<FocusSource>['kind'];
const column = (
  name: string,
  kind: Kind,
  about: string,
  of: (charge: FocusCharge, source: FocusSource) => ExportValue,
): DerivedColumn<FocusSource> => ({ name, kind, about, of: (source) => of(source.charge, source) });

const cost = (name: string, about: string): DerivedColumn<FocusSource> =>
  column(name, 'decimal', about, ({ billedCostPicoUsd }) => billedCostPicoUsd);

/**
 * The columns of a Cost and Usage dataset of FOCUS 1.2, in the order of the alphabet, then ours, which begin with x_ as
 * the specification wants it.
 */
export const FOCUS_COLUMNS: readonly DerivedColumn<FocusSource>[] = [
  cost('BilledCost', 'What is charged. Adds up to the cost of the metrics, to the last 10^-12 USD.'),
  column('BillingAccountId', 'text', 'As --billing-account says.', (_, { billingAccount }) => billingAccount),
  column('BillingAccountName', 'text', 'The same.', (_, { billingAccount }) => billingAccount),
  column('BillingCurrency', 'text', 'USD.', () => 'USD'),
  column('BillingPeriodEnd', 'second', 'The end of the month, UTC, exclusive.', (charge) => monthOf(charge, 1)),
  column('BillingPeriodStart', 'second', 'The month, UTC.', (charge) => monthOf(charge, 0)),
  column('ChargeCategory', 'text', 'Usage.', () => 'Usage'),
  column('ChargeClass', 'text', 'Null: a late event or a new price changes the row itself.', () => null),
  column('ChargeDescription', 'text', 'Model and meter.', describe),
  column('ChargeFrequency', 'text', 'Usage-Based.', () => 'Usage-Based'),
  column('ChargePeriodEnd', 'second', 'The end of the hour or day, exclusive.', ({ period }) => period.toMs),
  column('ChargePeriodStart', 'second', 'The hour or day.', ({ period }) => period.fromMs),
  column('CommitmentDiscountStatus', 'text', 'Null: no commitment is known.', () => null),
  column('ConsumedQuantity', 'decimal', 'Tokens, requests, or searches.', (charge) =>
    wholeDecimal(charge.consumedQuantity),
  ),
  column('ConsumedUnit', 'text', 'Tokens, Requests, or Searches.', (charge) => UNITS[charge.consumed]),
  cost('ContractedCost', 'The same as BilledCost: no contract is known.'),
  cost('EffectiveCost', 'The same as BilledCost: nothing is paid in advance.'),
  column('InvoiceId', 'text', 'Null: no invoice is known.', () => null),
  column('InvoiceIssuerName', 'text', 'The provider.', providerOf),
  column(
    'ListCost',
    'decimal',
    'By the price list; as billed where it has no price.',
    ({ listCostPicoUsd }) => listCostPicoUsd,
  ),
  column('ListUnitPrice', 'decimal', 'For one PricingUnit.', ({ unitPricePicoUsd }) => unitPricePicoUsd),
  column('PricingCategory', 'text', 'Standard, or Other without a known price for each unit.', ({ part }) =>
    part === 'mixed' || part === 'unpriced' ? 'Other' : 'Standard',
  ),
  column('PricingCurrency', 'text', 'USD.', () => 'USD'),
  column('PricingCurrencyContractedUnitPrice', 'decimal', 'Null: no contract is known.', () => null),
  column('PricingCurrencyEffectiveCost', 'decimal', 'The same as EffectiveCost.', (charge) => charge.billedCostPicoUsd),
  column('PricingCurrencyListUnitPrice', 'decimal', 'The same as ListUnitPrice.', (charge) => charge.unitPricePicoUsd),
  column('PricingQuantity', 'decimal', 'What the unit price is multiplied by.', (charge) =>
    wholeDecimal(charge.pricingQuantity),
  ),
  column('PricingUnit', 'text', 'Tokens, Requests, Searches, or Charges.', (charge) => UNITS[charge.pricedBy]),
  column('ProviderName', 'text', 'Who answered and bills; unknown where nobody named it.', providerOf),
  column('PublisherName', 'text', 'The same.', providerOf),
  column('ServiceCategory', 'text', 'AI and Machine Learning.', () => 'AI and Machine Learning'),
  column('ServiceName', 'text', "The provider's API.", (charge) => `${providerOf(charge)} API`),
  column('ServiceSubcategory', 'text', 'Generative AI.', () => 'Generative AI'),
  column('SkuId', 'text', 'Provider, model and part of the tokens.', skuOf),
  column('SkuMeter', 'text', 'What is metered.', ({ part }) => METERS[part]),
  column('SkuPriceDetails', 'json', 'Service tier, and from which prompt size the price holds.', (charge) =>
    JSON.stringify({ x_ServiceTier: tierOf(charge), x_PromptTokensFrom: charge.row.billed.bandFromTokens }),
  ),
  column('SkuPriceId', 'text', 'SkuId with tier and prompt size.', skuPriceOf),
  column('SubAccountId', 'text', 'The tenant.', ({ row }) => row.tenantId),
  column('SubAccountName', 'text', 'The tenant.', ({ row }) => row.tenantId),
  column('Tags', 'json', 'The route.', ({ row }) => JSON.stringify({ route: row.route })),
  column('x_CompleteUntil', 'instant', 'Up to then every event was counted.', (_, source) => source.completeThroughMs),
  column(
    'x_CostSource',
    'text',
    'Whose word BilledCost is: provider or gateway, list or file (of prices), free, or none: then it is not known.',
    ({ costSource }) => costSource,
  ),
  column(
    'x_IsComplete',
    'boolean',
    'Whether the whole period was counted.',
    ({ period }, { completeThroughMs }) => completeThroughMs !== null && completeThroughMs >= period.toMs,
  ),
  column(
    'x_PriceVersion',
    'text',
    'The version of the price list, or the line of PRICES_FILE, that comes to exactly this ListCost; null where none does.',
    ({ price }) => price?.source ?? null,
  ),
  column(
    'x_RequestCount',
    'integer',
    'Calls; in the first of several rows of the same calls.',
    ({ requests }) => requests,
  ),
  column('x_RequestedModel', 'text', 'The model that was asked for.', ({ row }) => row.model),
  column('x_Route', 'text', 'The route.', ({ row }) => row.route),
  column('x_TokenType', 'text', 'The part, as in bills of single calls.', ({ part }) => part),
];

function describe(charge: FocusCharge): string {
  const text = `${modelOf(charge)}: ${METERS[charge.part].toLowerCase()}`;
  return charge.part === 'unpriced' ? `${text}; its costs are 0 as FOCUS has no unknown ones` : text;
}
