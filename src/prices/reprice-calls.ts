import type { Call } from '../metrics-store/call.ts';
import { callPages } from '../metrics-store/call-pages.ts';
import type { CallCorrection, CostCorrection, MetricsStore } from '../metrics-store/metrics-store.ts';
import type { BilledModel } from '../tally/usage.ts';
import { MINUTE_MS, windowStartMs } from '../tally/window.ts';
import { billedPromptTokens, billedTokens, billText, parseBill } from './bill.ts';
import { BillSum, writeBill } from './cost.ts';
import type { PriceBook } from './price-book.ts';
import type { RepricedShares } from './repriced-shares.ts';
import { serviceTierOf } from './service-tier.ts';

/**
 * Prices again the single calls that are kept of the minutes and billed models whose sums are about to be corrected.
 *
 * A call keeps what it was billed for, so it is priced as its sums are. Those that cost nothing whatever the price, and
 * those whose tokens nobody knows, stay as they are; of those with a reported cost only the cost by the list changes.
 *
 * @returns how many were found to cost something else
 */
export async function repriceSingleCalls(
  page: {
    readonly corrections: readonly CostCorrection[];
    readonly prices: PriceBook;
    /** Told what each call costs more or less. */
    readonly shares: RepricedShares;
  },
  store: MetricsStore,
): Promise<number> {
  const wanted = wantedMinutes(page.corrections);
  let corrected = 0;
  for (const [tenantId, minutes] of wanted) {
    const starts = Array.from(minutes.values());
    const fromMs = starts.reduce((least, startMs) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
    const toMs = starts.reduce((most, startMs) => Math.max(most, startMs), 0) + MINUTE_MS;
    for await (const calls of callPages(store, { tenantId, fromMs, toMs })) {
      const affected = calls.filter((call) =>
        minutes.has(minuteKey(windowStartMs(call.timestampMs, MINUTE_MS), billedOf(call))),
      );
      const corrections = affected.flatMap((call) => {
        const own = correctionOf(call, page.prices);
        for (const correction of own) page.shares.add(call, correction);
        return own;
      });
      if (corrections.length > 0) await store.repriceCalls(corrections);
      corrected += corrections.length;
    }
  }
  return corrected;
}

/** Per tenant: the minutes to look at, by `minuteKey`. */
function wantedMinutes(corrections: readonly CostCorrection[]): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const wanted = new Map<string, Map<string, number>>();
  for (const { series, windowStartMs: startMs, billed } of corrections) {
    const key = minuteKey(startMs, billed);
    const minutes = wanted.get(series.tenantId) ?? new Map<string, number>();
    wanted.set(series.tenantId, minutes.set(key, startMs));
  }
  return wanted;
}

type Billed = Pick<BilledModel, 'provider' | 'model'>;

function minuteKey(startMs: number, { provider, model }: Billed): string {
  return `${startMs}\0${provider}\0${model}`;
}

function billedOf({ provider, model, answeredModel }: Call): Billed {
  return { provider, model: answeredModel ?? model };
}

function correctionOf(call: Call, prices: PriceBook): CallCorrection[] {
  const { tenantId, timestampMs, requestId, costPicoUsd: expectedPicoUsd, costSource } = call;
  if (call.bill === null || costSource === null || costSource === 'free') return [];
  const tokens = billedTokens(parseBill(call.bill));
  const price = prices.priceOf({
    ...billedOf(call),
    atMs: timestampMs,
    promptTokens: call.promptTokens ?? billedPromptTokens(tokens),
    serviceTier: serviceTierOf(call.serviceTier),
  });
  const list = new BillSum();
  if (price !== null) writeBill(tokens, price.rates, list);
  const listCostPicoUsd = price === null ? null : list.sum.value;
  const isReported = costSource === 'provider' || costSource === 'gateway';
  const cost = isReported
    ? { costPicoUsd: expectedPicoUsd, costSource }
    : { costPicoUsd: listCostPicoUsd, costSource: price?.kind ?? ('none' as const) };
  const isSame =
    cost.costPicoUsd === expectedPicoUsd && cost.costSource === costSource && listCostPicoUsd === call.listCostPicoUsd;
  if (isSame) return [];
  const bill = billText(tokens, price);
  return [{ tenantId, timestampMs, requestId, ...cost, listCostPicoUsd, bill, expectedPicoUsd }];
}
