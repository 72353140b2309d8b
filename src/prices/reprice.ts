import type { UsageRow } from '../metrics-store/metrics-reader.ts';
import type { CostCorrection } from '../metrics-store/metrics-store.ts';
import { ExactSum } from '../tally/exact-sum.ts';
import type { Usage } from '../tally/usage.ts';
import { addCost } from './cost.ts';
import type { PriceBook } from './price-book.ts';

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
 * The stored token parts are sums over the calls of one minute that were in one price band, and a cost is linear in them,
 * so the result is what the calls would have cost had the book been there. Two limits: prices change at the start of a minute, and
 * a call that was unpriced (or had one band only) is priced in the base band, because its prompt's size is known
 * only where it was the only call of its row.
 */
export function reprice(rows: Iterable<UsageRow>, book: PriceBook): Repricing {
  const corrections: CostCorrection[] = [];
  const models = new Map<string, Mutable<RepricedModel>>();
  for (const row of rows) {
    const { usage, billed, windowStartMs } = row;
    const { costPicoUsd, unpricedCalls } = repriceRow(row, book);
    const oldPicoUsd = usage.costPicoUsd.value;
    addToSummary(models, row, { oldPicoUsd, newPicoUsd: costPicoUsd, unpricedCalls });
    const correction = {
      costPicoUsd: costPicoUsd - oldPicoUsd,
      unpricedCalls: unpricedCalls - usage.unpricedCalls,
    };
    if (correction.costPicoUsd === 0n && correction.unpricedCalls === 0) continue;
    const { tenantId, route, model, provider } = row;
    const expected = { costPicoUsd: oldPicoUsd, unpricedCalls: usage.unpricedCalls };
    corrections.push({ series: { tenantId, route, model, provider }, windowStartMs, billed, ...correction, expected });
  }
  return { corrections, summary: [...models.values()].sort(byTenantAndModel) };
}

function repriceRow(
  { usage, billed, windowStartMs }: UsageRow,
  book: PriceBook,
): { costPicoUsd: bigint; unpricedCalls: number } {
  const price = book.priceOf({
    provider: billed.provider,
    model: billed.model,
    atMs: windowStartMs,
    promptTokens: Math.max(billed.bandFromTokens, onlyPromptTokens(usage)),
  });
  if (price === null) return { costPicoUsd: 0n, unpricedCalls: usage.calls };
  const cost = new ExactSum();
  addCost(cost, usage, price.rates);
  return { costPicoUsd: cost.value, unpricedCalls: usage.unknownCalls };
}

/** The prompt's size where the row sums one call; 0 where it sums several, and nobody knows. */
function onlyPromptTokens(usage: Usage): number {
  if (usage.calls - usage.unknownCalls !== 1) return 0;
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.inputAudioTokens;
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
