import { REPRICED_FIELDS, type RepricedSums, repricedSumsOf } from '../metrics-store/billed-columns.ts';
import type { UsageRow } from '../metrics-store/metrics-reader.ts';
import type { CostCorrection } from '../metrics-store/metrics-store.ts';
import type { Usage } from '../tally/usage.ts';
import { billedPromptTokens } from './bill.ts';
import { BillSum, writeBill } from './cost.ts';
import type { Price, PriceBook } from './price-book.ts';
import { serviceTierOf } from './service-tier.ts';

export interface Repricing {
  /** Only for rows that change. */
  readonly corrections: readonly CostCorrection[];
  /** Ordered by tenant, provider, model; also what does not change. */
  readonly summary: readonly RepricedModel[];
}

/** What a repricing means for one tenant and billed model, in 10^-12 USD. */
export interface RepricedModel {
  readonly tenantId: string;
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly oldPicoUsd: bigint;
  readonly newPicoUsd: bigint;
  /** New minus old. */
  readonly differencePicoUsd: bigint;
  readonly unpricedCallsBefore: number;
  readonly unpricedCallsAfter: number;
}

/**
 * Prices stored usage again.
 *
 * The stored token parts are sums over the calls of one minute, tier and step of the prompt's size, and a cost is
 * linear in them, so the result is what the calls would have cost had the book been there. Two limits: prices change at
 * the start of a minute, and a long-prompt price of the user's own whose limit is none of `PRICE_STEPS` holds for the
 * calls that were priced by it.
 */
export function reprice(rows: Iterable<UsageRow>, book: PriceBook): Repricing {
  const corrections: CostCorrection[] = [];
  const models = new Map<string, Mutable<RepricedModel>>();
  for (const row of rows) {
    const { usage, billed, windowStartMs } = row;
    const before = repricedSumsOf(usage);
    const after = repriceRow(row, book);
    addToSummary(models, row, {
      oldPicoUsd: before.costPicoUsd,
      newPicoUsd: after.costPicoUsd,
      unpricedCalls: after.unpricedCalls,
    });
    const change = differenceOf(after, before);
    if (REPRICED_FIELDS.every((field) => Number(change[field]) === 0)) continue;
    const { tenantId, route, model, provider } = row;
    corrections.push({ series: { tenantId, route, model, provider }, windowStartMs, billed, change, expected: before });
  }
  return { corrections, summary: [...models.values()].sort(byTenantAndModel) };
}

/** What the book says of the calls of a usage row. */
export function priceOfUsage({ usage, billed, windowStartMs }: UsageRow, book: PriceBook): Price | null {
  return book.priceOf({
    provider: billed.provider,
    model: billed.model,
    atMs: windowStartMs,
    promptTokens: Math.max(billed.bandFromTokens, onlyPromptTokens(usage)),
    serviceTier: serviceTierOf(billed.serviceTier),
  });
}

function repriceRow(row: UsageRow, book: PriceBook): RepricedSums {
  const { usage, billed } = row;
  const price = priceOfUsage(row, book);
  const list = new BillSum();
  if (price !== null) writeBill(usage, price.rates, list);
  const listCostPicoUsd = list.sum.value;
  // What was charged stays what was charged, whatever the list says.
  if (billed.reportedBy !== '') return { ...repricedSumsOf(usage), listCostPicoUsd };
  const pricedCalls = price === null ? 0 : usage.calls - usage.freeCalls - usage.unknownCalls;
  return {
    costPicoUsd: listCostPicoUsd,
    listCostPicoUsd,
    unpricedCalls: usage.calls - usage.freeCalls - pricedCalls,
    listCalls: price?.kind === 'list' ? pricedCalls : 0,
    fileCalls: price?.kind === 'file' ? pricedCalls : 0,
  };
}

function differenceOf(after: RepricedSums, before: RepricedSums): RepricedSums {
  return {
    costPicoUsd: after.costPicoUsd - before.costPicoUsd,
    listCostPicoUsd: after.listCostPicoUsd - before.listCostPicoUsd,
    unpricedCalls: after.unpricedCalls - before.unpricedCalls,
    listCalls: after.listCalls - before.listCalls,
    fileCalls: after.fileCalls - before.fileCalls,
  };
}

/** The prompt's size where the row sums one call; 0 where it sums several, and nobody knows. */
function onlyPromptTokens(usage: Usage): number {
  return usage.calls - usage.unknownCalls - usage.freeCalls === 1 ? billedPromptTokens(usage) : 0;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addToSummary(
  models: Map<string, Mutable<RepricedModel>>,
  { tenantId, billed, usage }: UsageRow,
  row: { readonly oldPicoUsd: bigint; readonly newPicoUsd: bigint; readonly unpricedCalls: number },
): void {
  const key = `${tenantId}\0${billed.provider}\0${billed.model}`;
  let sum = models.get(key);
  if (sum === undefined) {
    sum = {
      tenantId,
      provider: billed.provider,
      model: billed.model,
      calls: 0,
      oldPicoUsd: 0n,
      newPicoUsd: 0n,
      differencePicoUsd: 0n,
      unpricedCallsBefore: 0,
      unpricedCallsAfter: 0,
    };
    models.set(key, sum);
  }
  sum.calls += usage.calls;
  sum.oldPicoUsd += row.oldPicoUsd;
  sum.newPicoUsd += row.newPicoUsd;
  sum.differencePicoUsd += row.newPicoUsd - row.oldPicoUsd;
  sum.unpricedCallsBefore += usage.unpricedCalls;
  sum.unpricedCallsAfter += row.unpricedCalls;
}

function byTenantAndModel(a: RepricedModel, b: RepricedModel): number {
  return compareTexts(a.tenantId, b.tenantId) || compareTexts(a.provider, b.provider) || compareTexts(a.model, b.model);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
