import type { Call, CallWrite } from '../../src/metrics-store/call.ts';
import { NO_EFFECTS, type TallyDelta } from '../../src/metrics-store/commit.ts';
import type { MetricsStore } from '../../src/metrics-store/metrics-store.ts';
import { addTally, Tally } from '../../src/tally/tally.ts';
import { SeededRandom } from './seeded-random.ts';

/** Of each tenant: twenty routes with five models each. */
const TENANTS = 2;
const ROUTES = 20;
const MODELS = 5;
export const SERIES = TENANTS * ROUTES * MODELS;

const MINUTE_MS = 60_000;
const SLOT_MS = 5 * MINUTE_MS;
/** So many slots in one commit, as a backfill would have them. */
const SLOTS_PER_COMMIT = 24;
const PRICE_PICO_USD = 150_000;

/** A month of regular traffic: one call per series and five minutes, each in a minute of its own. */
export class History {
  readonly fromMs: number;
  readonly toMs: number;
  /** What the first tenant's rows add up to. */
  readonly total = new Tally();
  readonly #random = new SeededRandom(1);

  constructor(days: number, nowMs: number) {
    this.toMs = Math.floor(nowMs / SLOT_MS) * SLOT_MS;
    this.fromMs = this.toMs - days * 24 * 60 * MINUTE_MS;
  }

  async fill(store: MetricsStore): Promise<void> {
    let expectedSeq = 0;
    for (let startMs = this.fromMs; startMs < this.toMs; startMs += SLOTS_PER_COMMIT * SLOT_MS) {
      const endMs = Math.min(this.toMs, startMs + SLOTS_PER_COMMIT * SLOT_MS);
      const made = [...this.#calls(startMs, endMs)];
      await store.commit([
        {
          partition: 0,
          expectedSeq,
          token: `history-${expectedSeq}`,
          positions: { 'llm.requests': 0, 'llm.responses': 0, 'llm.evaluations': 0, 'llm.reports': 0 },
          completeThroughMs: endMs,
          committedAtMs: endMs,
          checkpoint: null,
          ...NO_EFFECTS,
          tallies: made.map(({ delta }) => delta),
          calls: made.map(({ write }) => write),
        },
      ]);
      expectedSeq++;
    }
  }

  *#calls(startMs: number, endMs: number): Generator<{ delta: TallyDelta; write: CallWrite }> {
    for (let slotMs = startMs; slotMs < endMs; slotMs += SLOT_MS) {
      for (let series = 0; series < SERIES; series++) yield this.#call(slotMs, series);
    }
  }

  #call(slotMs: number, number: number): { delta: TallyDelta; write: CallWrite } {
    const inTenant = Math.floor(number / TENANTS);
    const series = {
      tenantId: `tenant-${number % TENANTS}`,
      route: `route-${inTenant % ROUTES}`,
      model: `model-${Math.floor(inTenant / ROUTES)}`,
      provider: 'openai',
    };
    const minuteMs = slotMs + this.#random.below(5) * MINUTE_MS;
    const latencyMs = Math.round(this.#random.logNormal(800, 0.8));
    const [promptTokens, completionTokens] = [this.#random.below(2000), this.#random.below(500)];
    const tally = new Tally();
    tally.requests = 1;
    tally.completed = 1;
    tally.latencyKnown = 1;
    tally.latencyUsSum = latencyMs * 1000;
    tally.latencyUsMax = latencyMs * 1000;
    tally.promptTokens = promptTokens;
    tally.promptTokensKnown = 1;
    tally.completionTokens = completionTokens;
    tally.completionTokensKnown = 1;
    tally.pricedByList = 1;
    tally.costPicoUsd.addProduct(promptTokens + completionTokens, PRICE_PICO_USD);
    tally.listCostPicoUsd.add(tally.costPicoUsd);
    tally.latency.record(latencyMs);
    if (number % TENANTS === 0) addTally(this.total, tally);
    const call: Call = {
      requestId: `request-${slotMs}-${number}`,
      ...series,
      timestampMs: minuteMs + this.#random.below(MINUTE_MS),
      status: 'completed',
      latencyMs,
      timeToFirstTokenMs: null,
      promptTokens,
      completionTokens,
      cachedPromptTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      finishReason: 'stop',
      error: null,
      userIdHash: null,
      sessionId: null,
      metadata: null,
      answeredModel: null,
      errorKind: null,
      serviceTier: null,
      costPicoUsd: tally.costPicoUsd.value,
      costSource: 'list',
      reportedCostPicoUsd: null,
      listCostPicoUsd: tally.listCostPicoUsd.value,
      bill: null,
    };
    return { delta: { series, windowStartMs: minuteMs, tally }, write: { kind: 'full', call } };
  }
}
