import type { ErrorKind } from '../events/error-kind.ts';
import { formatSecond } from '../events/timestamp.ts';
import type { Histogram } from '../tally/histogram.ts';
import type { Tally } from '../tally/tally.ts';
import type { CostSource } from './call.ts';
import { errorsByKind } from './errors-by-kind.ts';
import { type MetricsRowJson, NOT_BY_ERROR_KIND } from './metrics-row.ts';

/** What a row is about; dimensions that were not grouped by are absent. */
export interface RowSubject {
  /** Null where several are added up. */
  readonly tenantId: string | null;
  readonly route: string | null;
  readonly model: string | null;
  readonly provider?: string | null;
  /** '' for calls without an error. */
  readonly errorKind?: ErrorKind | '' | null;
  readonly window: WindowName;
}

/** The bounds of a window as text. Rows of one window share it: making it took a tenth of an answer's time. */
export interface WindowName {
  readonly start: string;
  readonly end: string;
}

export function windowName(startMs: number, endMs: number): WindowName {
  return { start: formatSecond(startMs), end: formatSecond(endMs) };
}

/**
 * A row in the field names of the contract: the original's fields first, in its order, then ours. What does not add
 * (averages, percentiles) is derived here and nowhere else. An average or percentile over nothing is null.
 */
export function metricsJson(subject: RowSubject, tally: Tally, quantiles: readonly number[] = []): MetricsRowJson {
  const row = rowOf(subject, tally, quantiles);
  if (subject.errorKind == null) return row;
  // Null in the place of each field keeps the order of the fields.
  return { ...row, ...Object.fromEntries(NOT_BY_ERROR_KIND.map((name) => [name, null])) };
}

function rowOf(subject: RowSubject, tally: Tally, quantiles: readonly number[]): MetricsRowJson {
  const [p50Ms = null, p95Ms = null, p99Ms = null, ...others] = quantilesMs(
    tally.latency,
    [0.5, 0.95, 0.99, ...quantiles],
    maxLatencyMs(tally),
  );
  return {
    ...namesOf(subject),
    window_start: subject.window.start,
    window_end: subject.window.end,
    requests: tally.requests,
    errors: tally.errors,
    avg_latency_ms: average(tally.latencyUsSum / 1000, tally.latencyKnown),
    p95_latency_ms: p95Ms,
    avg_prompt_tokens: average(tally.promptTokens, tally.promptTokensKnown),
    avg_completion_tokens: average(tally.completionTokens, tally.completionTokensKnown),
    estimated_cost_usd: costUsd(tally),
    completed: tally.completed,
    in_flight: tally.requests - tally.completed - tally.unanswered,
    unanswered: tally.unanswered,
    p50_latency_ms: p50Ms,
    p99_latency_ms: p99Ms,
    max_latency_ms: tally.latencyKnown === 0 ? null : maxLatencyMs(tally),
    p95_ttft_ms: quantilesMs(tally.timeToFirstToken, [0.95], Number.POSITIVE_INFINITY)[0] ?? null,
    prompt_tokens: tally.promptTokens,
    completion_tokens: tally.completionTokens,
    cached_prompt_tokens: tally.cachedPromptTokens,
    cache_write_tokens: tally.cacheWriteTokens,
    reasoning_tokens: tally.reasoningTokens,
    unpriced_requests: tally.unpricedRequests,
    cancelled: tally.cancelled,
    errors_by_kind: errorsByKind(tally),
    reported_cost_usd: toUsd(tally.reportedCostPicoUsd.value),
    list_cost_usd: listCostUsd(tally),
    cost_sources: costSources(tally),
    ...(quantiles.length === 0
      ? {}
      : { quantiles: Object.fromEntries(quantiles.map((q, i) => [String(q), others[i] ?? null])) }),
  };
}

type NamesJson = Pick<MetricsRowJson, 'tenant_id' | 'route' | 'model' | 'provider' | 'error_kind'>;

function namesOf({ tenantId, route, model, provider, errorKind }: RowSubject): NamesJson {
  const names: { -readonly [Name in keyof NamesJson]: NamesJson[Name] } = {};
  if (tenantId !== null) names.tenant_id = tenantId;
  if (route !== null) names.route = route;
  if (model !== null) names.model = model;
  if (provider != null) names.provider = provider;
  if (errorKind != null) names.error_kind = errorKind === '' ? null : errorKind;
  return names;
}

/** How many completed calls got their cost from where; adds up to `completed`. */
function costSources(tally: Tally): Readonly<Record<CostSource, number>> {
  const { pricedByProvider, pricedByGateway, pricedByList, pricedByFile, unpricedRequests } = tally;
  const told = pricedByProvider + pricedByGateway + pricedByList + pricedByFile + unpricedRequests;
  return {
    provider: pricedByProvider,
    gateway: pricedByGateway,
    list: pricedByList,
    file: pricedByFile,
    none: unpricedRequests,
    free: tally.completed - told,
  };
}

/**
 * Calls that came by OTLP may be taken back, which no maximum can be: of those the highest bucket tells how slow the
 * slowest is. Where that one came in two halves, it is known exactly.
 */
function maxLatencyMs({ latency, latencyUsMax }: Tally): number {
  const { highestMs } = latency;
  return latencyUsMax / 1000 < highestMs / BUCKET_ERROR_MAX ? round(highestMs) : latencyUsMax / 1000;
}

/** The value that stands for a bucket is at most this much above another one in it. */
const BUCKET_ERROR_MAX = 1.0112;

/** 10^-12 USD to the nearest double. */
export function toUsd(picoUsd: bigint): number {
  return Number(picoUsd) / 1e12;
}

/** Null when not a single completed call could be priced; then `unpriced_requests` says how many there are. */
function costUsd(tally: Tally): number | null {
  return tally.completed > 0 && tally.unpricedRequests === tally.completed ? null : toUsd(tally.costPicoUsd.value);
}

/**
 * Null where the cost is, and where all that is known of it was reported, of models that the list does not know: of
 * those whose price is 0 nothing is charged either.
 */
function listCostUsd(tally: Tally): number | null {
  const { pricedByList, pricedByFile, listCostPicoUsd, reportedCostPicoUsd } = tally;
  const isUnknown = pricedByList + pricedByFile === 0 && listCostPicoUsd.value === 0n && reportedCostPicoUsd.value > 0n;
  return isUnknown || costUsd(tally) === null ? null : toUsd(listCostPicoUsd.value);
}

/** A bucket stands for its middle, which may lie above the largest value; the largest is known exactly. */
function quantilesMs(histogram: Histogram, quantiles: readonly number[], maxMs: number): (number | null)[] {
  return histogram.quantiles(quantiles).map((value) => (value === null ? null : round(Math.min(value, maxMs))));
}

function average(sum: number, count: number): number | null {
  return count === 0 ? null : round(sum / count);
}

/** More digits than a millionth of a unit say nothing. */
const round = (value: number): number => Math.round(value * 1e6) / 1e6;
