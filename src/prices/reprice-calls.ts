import type { Call } from '../metrics-store/call.ts';
import type { UsageRow } from '../metrics-store/metrics-reader.ts';
import type { CallCorrection, CostCorrection, MetricsStore } from '../metrics-store/metrics-store.ts';
import { ExactSum } from '../tally/exact-sum.ts';
import type { BilledModel } from '../tally/usage.ts';
import { MINUTE_MS, windowStartMs } from '../tally/window.ts';
import { addCost, billableTokens } from './cost.ts';
import type { PriceBook } from './price-book.ts';

const CALLS_PER_PAGE = 1_000;

/**
 * Prices again the single calls that are kept of the minutes and billed models whose sums are about to be corrected.
 *
 * Two kinds keep the cost that they have, because a stored call does not hold what their bill depends on: calls of a minute
 * and model with audio tokens, and those that cost nothing, which a proxy may have answered from its cache.
 *
 * @returns how many were found to cost something else
 */
export async function repriceSingleCalls(
  page: {
    readonly usage: readonly UsageRow[];
    readonly corrections: readonly CostCorrection[];
    readonly prices: PriceBook;
  },
  store: MetricsStore,
): Promise<number> {
  const wanted = wantedMinutes(page.usage, page.corrections);
  let corrected = 0;
  for (const [tenantId, minutes] of wanted) {
    const starts = Array.from(minutes.values());
    const fromMs = starts.reduce((least, startMs) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
    const toMs = starts.reduce((most, startMs) => Math.max(most, startMs), 0) + MINUTE_MS;
    for await (const calls of callPages(store, { tenantId, fromMs, toMs })) {
      const affected = calls.filter((call) =>
        minutes.has(minuteKey(windowStartMs(call.timestampMs, MINUTE_MS), billedOf(call))),
      );
      const corrections = affected.flatMap((call) => correctionOf(call, page.prices));
      if (corrections.length > 0) await store.repriceCalls(corrections);
      corrected += corrections.length;
    }
  }
  return corrected;
}

/** Per tenant: the minutes to look at, by `minuteKey`. */
function wantedMinutes(
  usage: readonly UsageRow[],
  corrections: readonly CostCorrection[],
): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const withAudio = new Set<string>();
  for (const { tenantId, windowStartMs: startMs, billed, usage: sums } of usage) {
    if (sums.inputAudioTokens + sums.outputAudioTokens > 0) withAudio.add(`${tenantId}\0${minuteKey(startMs, billed)}`);
  }
  const wanted = new Map<string, Map<string, number>>();
  for (const { series, windowStartMs: startMs, billed } of corrections) {
    const key = minuteKey(startMs, billed);
    if (withAudio.has(`${series.tenantId}\0${key}`)) continue;
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

async function* callPages(
  store: MetricsStore,
  range: { readonly tenantId: string; readonly fromMs: number; readonly toMs: number },
): AsyncGenerator<readonly Call[]> {
  let after: { value: number; requestId: string } | null = null;
  for (;;) {
    const calls: readonly Call[] = await store.readCalls({ ...ANY_CALL, ...range, limit: CALLS_PER_PAGE, after });
    if (calls.length > 0) yield calls;
    const last = calls.at(-1);
    if (last === undefined || calls.length < CALLS_PER_PAGE) return;
    after = { value: last.timestampMs, requestId: last.requestId };
  }
}

const ANY_CALL = {
  route: null,
  model: null,
  provider: null,
  status: null,
  hasError: null,
  latencyMsMin: null,
  latencyMsMax: null,
  userIdHash: null,
  sessionId: null,
  metadata: new Map<string, string>(),
  order: 'newest',
} as const;

function correctionOf(call: Call, prices: PriceBook): CallCorrection[] {
  const { tenantId, timestampMs, requestId, promptTokens, completionTokens, costPicoUsd: expectedPicoUsd } = call;
  const isAnswered = call.status === 'completed' || call.status === 'error';
  if (!isAnswered || promptTokens === null || completionTokens === null || expectedPicoUsd === 0n) return [];
  const price = prices.priceOf({ ...billedOf(call), atMs: timestampMs, promptTokens });
  const costPicoUsd = price === null ? null : costOf(call, { promptTokens, completionTokens }, price.rates);
  if (costPicoUsd === expectedPicoUsd) return [];
  return [{ tenantId, timestampMs, requestId, costPicoUsd, expectedPicoUsd }];
}

function costOf(
  call: Call,
  known: { readonly promptTokens: number; readonly completionTokens: number },
  rates: Parameters<typeof addCost>[2],
): bigint {
  const cost = new ExactSum();
  const { cachedPromptTokens, cacheWriteTokens } = call;
  const parts = { cachedPromptTokens: cachedPromptTokens ?? 0, cacheWriteTokens: cacheWriteTokens ?? 0 };
  addCost(cost, billableTokens({ ...known, ...parts }), rates);
  return cost.value;
}
