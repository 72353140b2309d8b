import type { Call } from '../../metrics-store/call.ts';
import { callPages } from '../../metrics-store/call-pages.ts';
import type { MetricsReader, UsageRow } from '../../metrics-store/metrics-reader.ts';
import { billedTokens, parseBill } from '../../prices/bill.ts';
import {
  type BillableTokens,
  type BillLines,
  type BillPart,
  billableTokens,
  FEE_PARTS,
  writeBill,
} from '../../prices/cost.ts';
import type { PriceBook } from '../../prices/price-book.ts';
import { priceOfUsage } from '../../prices/reprice.ts';
import { serviceTierOf } from '../../prices/service-tier.ts';
import { MARGIN_MS, type OurCall, type OurUsage } from '../../reconciliation/question.ts';
import { tokensOf } from '../../reconciliation/tokens.ts';
import { HOUR_MS } from '../../tally/window.ts';
import type { KeyMap } from './key-map.ts';

export interface OurSide {
  readonly usage: readonly OurUsage[];
  readonly calls: readonly OurCall[];
  readonly areCallsWhole: boolean;
  readonly notes: readonly string[];
}

export interface OurQuestion {
  readonly tenantId: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly keys: KeyMap;
  /** Whether the provider bills calls of that provider and model, as ours name them. */
  readonly isTheirs: (billed: { readonly provider: string; readonly model: string }) => boolean;
  readonly book: PriceBook;
}

/** More are no evidence that is worth their memory: half a gigabyte. */
const CALLS_MAX = 500_000;

/** What is stored of the range and of the hour before it, for calls that end in it. */
export async function readOurSide(store: MetricsReader, question: OurQuestion): Promise<OurSide> {
  const { fromMs, toMs, tenantId, keys, isTheirs, book } = question;
  const range = { tenantId, fromMs: fromMs - MARGIN_MS, toMs };
  const rows: UsageRow[] = [];
  for (let hourMs = range.fromMs; hourMs < toMs; hourMs += HOUR_MS) {
    const page = { tenantId, fromMs: hourMs, toMs: Math.min(toMs, hourMs + HOUR_MS) };
    for (const row of await store.readUsage(page)) if (isTheirs(row.billed)) rows.push(row);
  }
  const counted = rows.reduce((sum, { usage }) => sum + usage.calls, 0);
  const tenants = new Set(rows.map((row) => row.tenantId));
  const calls = await readCalls(store, { ...range, tenants, isTheirs });
  const kept = calls.filter(({ status }) => status === 'completed' || status === 'error').length;
  const areCallsWhole = kept >= counted;
  const notes = areCallsWhole
    ? []
    : [`${kept} of ${counted} calls are kept one by one: what is told by single calls is told of those alone.`];
  if (keys.needsCalls && !areCallsWhole) {
    throw new Error(
      'A map of keys by metadata needs every call by itself (CALLS_PER_SECOND_MAX, CALLS_RETENTION); map tenants instead',
    );
  }
  const ofCalls = calls.map((call) => ourCall(call, keys.keyOf(call)));
  const usage = keys.needsCalls
    ? calls.flatMap((call, index) => usageOfCall(call, ofCalls[index]))
    : rows.map((row) => ourUsage(row, keys.keyOf({ tenantId: row.tenantId, metadata: null }), feesOfRow(row, book)));
  return { usage, calls: ofCalls, areCallsWhole, notes };
}

function ourUsage({ windowStartMs: startMs, billed, usage }: UsageRow, key: string, feesPicoUsd: bigint): OurUsage {
  const { model, serviceTier: tier, bandFromTokens, reportedBy } = billed;
  return {
    startMs,
    key,
    model,
    tier,
    requests: usage.calls - usage.freeCalls,
    tokens: partTokens(usage),
    bandFromTokens,
    costPicoUsd: usage.costPicoUsd.value,
    feesPicoUsd,
    unpricedRequests: usage.unpricedCalls,
    reportedBy,
  };
}

/** A reported cost is one for all; what has no price has no fees. */
function feesOfRow(row: UsageRow, book: PriceBook): bigint {
  const { usage, billed } = row;
  const price = billed.reportedBy === '' && usage.unpricedCalls === 0 ? priceOfUsage(row, book) : null;
  if (price === null) return 0n;
  const fees = new FeeSum();
  writeBill(usage, price.rates, fees);
  return fees.picoUsd;
}

function feesOfCall({ bill, costSource }: Call): bigint {
  if (bill === null || (costSource !== 'list' && costSource !== 'file')) return 0n;
  const fees = new FeeSum();
  for (const { part, count, rate } of parseBill(bill).lines) fees.line(part, count, rate ?? 0);
  return fees.picoUsd;
}

/** Adds up the lines that are no tokens. */
class FeeSum implements BillLines {
  picoUsd = 0n;

  line(part: BillPart, count: number, rate: number): void {
    if (FEE_PARTS.has(part)) this.picoUsd += BigInt(count) * BigInt(rate);
  }
}

function partTokens(parts: Omit<BillableTokens, 'requestFees' | 'webSearches' | 'groundedRequests'>): number[] {
  return tokensOf({
    input: parts.inputTokens,
    cache_read: parts.cacheReadTokens,
    cache_write: parts.cacheWriteTokens,
    cache_write_1h: parts.cacheWrite1hTokens,
    input_audio: parts.inputAudioTokens,
    cache_read_audio: parts.cacheReadAudioTokens,
    input_image: parts.inputImageTokens,
    output: parts.outputTokens,
    output_audio: parts.outputAudioTokens,
    output_image: parts.outputImageTokens,
  });
}

function ourCall(call: Call, key: string): OurCall {
  const { timestampMs, latencyMs, status, costSource, errorKind } = call;
  const isOpen = status === 'waiting' || status === 'unanswered';
  return {
    key,
    model: call.answeredModel ?? call.model,
    tier: serviceTierOf(call.serviceTier),
    atMs: timestampMs,
    endMs: latencyMs === null ? null : timestampMs + latencyMs,
    tokens: partTokens(call.bill === null ? reportedTokens(call) : billedTokens(parseBill(call.bill))),
    standing: isOpen ? 'open' : costSource === 'free' ? 'free' : 'billed',
    errorKind,
  };
}

/** Free calls have no bill. */
function reportedTokens(call: Call): BillableTokens {
  return billableTokens({
    promptTokens: call.promptTokens ?? 0,
    completionTokens: call.completionTokens ?? 0,
    cachedPromptTokens: call.cachedPromptTokens ?? 0,
    cacheWriteTokens: call.cacheWriteTokens ?? 0,
  });
}

function usageOfCall(call: Call, ours: OurCall | undefined): OurUsage[] {
  if (ours === undefined || ours.standing === 'open') return [];
  const isFree = ours.standing === 'free';
  return [
    {
      startMs: Math.floor(ours.atMs / 60_000) * 60_000,
      key: ours.key,
      model: ours.model,
      tier: ours.tier,
      requests: isFree ? 0 : 1,
      tokens: isFree ? tokensOf({}) : ours.tokens,
      bandFromTokens: 0,
      costPicoUsd: call.costPicoUsd ?? 0n,
      feesPicoUsd: feesOfCall(call),
      unpricedRequests: call.costSource === 'none' ? 1 : 0,
      reportedBy: call.costSource === 'provider' || call.costSource === 'gateway' ? call.costSource : '',
    },
  ];
}

interface CallsOfTenants extends Pick<OurQuestion, 'fromMs' | 'toMs' | 'isTheirs'> {
  readonly tenants: ReadonlySet<string>;
}

async function readCalls(store: MetricsReader, { tenants, fromMs, toMs, isTheirs }: CallsOfTenants): Promise<Call[]> {
  const calls: Call[] = [];
  for (const tenantId of tenants) {
    for await (const page of callPages(store, { tenantId, fromMs, toMs })) {
      for (const call of page) {
        if (isTheirs({ provider: call.provider, model: call.answeredModel ?? call.model })) calls.push(call);
      }
      if (calls.length >= CALLS_MAX) break;
    }
  }
  return calls;
}
