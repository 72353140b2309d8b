import type { FailureKind } from '../../events/error-kind.ts';
import { errorsByKind } from '../../metrics-store/errors-by-kind.ts';
import { toUsd } from '../../metrics-store/metrics-json.ts';
import type { MetricsRow } from '../../metrics-store/metrics-reader.ts';
import { bucketValue } from '../../tally/bucket.ts';
import type { Histogram } from '../../tally/histogram.ts';
import type { Tally } from '../../tally/tally.ts';

/** Disjoint parts: they add up to the prompt and completion tokens. */
export const TOKEN_PARTS = ['input', 'cache_read', 'cache_write', 'output', 'reasoning'] as const;
type TokenPart = (typeof TOKEN_PARTS)[number];

/** Counts of a series that only grow; a plain value, so that a thread can hand it over. */
export interface LlmCounts {
  readonly calls: number;
  readonly completed: number;
  readonly unanswered: number;
  readonly cancelled: number;
  readonly unpriced: number;
  readonly costUsd: number;
  readonly errors: Readonly<Record<FailureKind, number>>;
  readonly tokens: Readonly<Record<TokenPart, number>>;
  readonly latency: Durations;
  readonly firstToken: Durations;
}

/** Counts of durations by bucket of `bucket.ts`, in ms. */
export interface Durations {
  readonly zeroCount: number;
  /** Ascending. */
  readonly buckets: readonly (readonly [index: number, count: number])[];
  readonly sumMs: number;
}

export interface LlmTotals {
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly counts: LlmCounts;
}

/** What a row grouped by tenant, route and model says. */
export function llmTotals({ tenantId, route, model, tally }: MetricsRow): LlmTotals {
  return { tenantId: tenantId ?? '', route: route ?? '', model: model ?? '', counts: countsOf(tally) };
}

function countsOf(tally: Tally): LlmCounts {
  const { cachedPromptTokens, cacheWriteTokens, reasoningTokens } = tally;
  return {
    calls: tally.requests,
    completed: tally.completed,
    unanswered: tally.unanswered,
    cancelled: tally.cancelled,
    unpriced: tally.unpricedRequests,
    costUsd: toUsd(tally.costPicoUsd.value),
    errors: errorsByKind(tally),
    tokens: {
      input: Math.max(0, tally.promptTokens - cachedPromptTokens - cacheWriteTokens),
      cache_read: cachedPromptTokens,
      cache_write: cacheWriteTokens,
      output: Math.max(0, tally.completionTokens - reasoningTokens),
      reasoning: reasoningTokens,
    },
    latency: { ...durationsOf(tally.latency), sumMs: tally.latencyUsSum / 1000 },
    firstToken: durationsOf(tally.timeToFirstToken),
  };
}

/** Stores keep no sum of the times to the first token: that of the buckets' values is within 1.1 %. */
function durationsOf(histogram: Histogram): Durations {
  const buckets = histogram.sortedBuckets();
  const sumMs = buckets.reduce((sum, [index, count]) => sum + bucketValue(index) * count, 0);
  return { zeroCount: histogram.zeroCount, buckets, sumMs };
}

/** Number by number, bucket by bucket. */
export function combine(a: LlmCounts, b: LlmCounts, choose: (a: number, b: number) => number): LlmCounts {
  return {
    calls: choose(a.calls, b.calls),
    completed: choose(a.completed, b.completed),
    unanswered: choose(a.unanswered, b.unanswered),
    cancelled: choose(a.cancelled, b.cancelled),
    unpriced: choose(a.unpriced, b.unpriced),
    costUsd: choose(a.costUsd, b.costUsd),
    errors: combineRecords(a.errors, b.errors, choose),
    tokens: combineRecords(a.tokens, b.tokens, choose),
    latency: combineDurations(a.latency, b.latency, choose),
    firstToken: combineDurations(a.firstToken, b.firstToken, choose),
  };
}

export const added = (a: number, b: number): number => a + b;
export const larger = Math.max;

function combineRecords<Name extends string>(
  a: Readonly<Record<Name, number>>,
  b: Readonly<Record<Name, number>>,
  choose: (a: number, b: number) => number,
): Readonly<Record<Name, number>> {
  const combined: Record<Name, number> = { ...a };
  for (const name of Object.keys(a) as Name[]) combined[name] = choose(a[name], b[name]);
  return combined;
}

function combineDurations(a: Durations, b: Durations, choose: (a: number, b: number) => number): Durations {
  const counts = new Map(a.buckets);
  for (const [index, count] of b.buckets) counts.set(index, choose(counts.get(index) ?? 0, count));
  return {
    zeroCount: choose(a.zeroCount, b.zeroCount),
    buckets: [...counts].sort(([one], [other]) => one - other),
    sumMs: choose(a.sumMs, b.sumMs),
  };
}
