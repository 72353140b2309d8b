import type { UsageQuery } from '../metrics-store/metrics-reader.ts';
import type { CostCorrection, MetricsStore } from '../metrics-store/metrics-store.ts';
import { fixedSteps } from '../tally/steps.ts';
import { DAY_MS, HOUR_MS } from '../tally/window.ts';
import type { PriceBook } from './price-book.ts';
import { type RepricedModel, reprice } from './reprice.ts';
import { repriceSingleCalls } from './reprice-calls.ts';
import { type CallDimensions, correctedMinute, RepricedShares } from './repriced-shares.ts';

export interface RecomputeQuery extends UsageQuery {
  /** Only tells what would change. */
  readonly isDryRun: boolean;
}

export interface RecomputePorts {
  readonly store: MetricsStore;
  readonly prices: PriceBook;
  readonly nowMs: () => number;
  /** By what calls are summed beside their series; absent: what changes there is of nobody. */
  readonly dimensions?: CallDimensions;
  /** Told the number of pages once, then each page that is done. */
  readonly onPages: (count: number) => void;
  readonly onPageDone: () => void;
}

export interface RecomputeReport {
  /** The models as the rows were when they were first read, ordered by tenant, provider, model. */
  readonly models: readonly RepricedModel[];
  /** Usage rows whose cost was corrected, or would be. */
  readonly correctedRows: number;
  readonly correctedCalls: number;
  /** Usage rows that somebody else changed each time they were about to be corrected. */
  readonly missedRows: number;
}

/** Rows per transaction, so that the processor's commits come in between. */
const CORRECTIONS_PER_WRITE = 2_000;

/** A page is read again while the processor, or another recompute, changes its rows. */
const ATTEMPTS_MAX = 10;

/**
 * Prices what is stored again, an hour at a time, so that memory stays bounded by the busiest hour.
 *
 * Sound beside a running processor and beside itself: a correction is a difference made from what was read, and the
 * store applies it only to a row that still costs that. A row that was changed meanwhile is read again. Stopped half
 * way, it can be run again: what is right already needs no correction. Single calls go first, because a corrected sum
 * is not looked at again.
 */
export async function recompute(query: RecomputeQuery, ports: RecomputePorts): Promise<RecomputeReport> {
  const days = await daysWithUsage(query, ports.store);
  const pages = days.flatMap((dayMs) => hoursOf(dayMs, query));
  ports.onPages(pages.length);
  const models = new Map<string, Mutable<RepricedModel>>();
  const report = { correctedRows: 0, correctedCalls: 0, missedRows: 0 };
  for (const page of pages) {
    const done = await recomputePage({ ...page, tenantId: query.tenantId, isDryRun: query.isDryRun }, ports);
    for (const model of done.models) addModel(models, model);
    report.correctedRows += done.correctedRows;
    report.correctedCalls += done.correctedCalls;
    report.missedRows += done.missedRows;
    ports.onPageDone();
  }
  return { models: [...models.values()].sort(byName), ...report };
}

async function recomputePage(
  query: RecomputeQuery,
  { store, prices, nowMs, dimensions = NO_DIMENSIONS }: RecomputePorts,
): Promise<RecomputeReport> {
  let models: readonly RepricedModel[] = [];
  let correctedRows = 0;
  let correctedCalls = 0;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const usage = await store.readUsage(query);
    const { corrections, summary } = reprice(usage, prices);
    if (attempt === 0) models = summary;
    if (query.isDryRun) return { models, correctedRows: corrections.length, correctedCalls, missedRows: 0 };
    if (corrections.length === 0) return { models, correctedRows, correctedCalls, missedRows: 0 };
    const shares = new RepricedShares(dimensions);
    correctedCalls += await repriceSingleCalls({ corrections, prices, shares }, store);
    for (const some of inWrites(corrections)) correctedRows += await store.reprice(some, nowMs(), shares.of(some));
  }
  const missedRows = reprice(await store.readUsage(query), prices).corrections.length;
  return { models, correctedRows, correctedCalls, missedRows };
}

const NO_DIMENSIONS: CallDimensions = { names: [], valuesOf: () => [] };

/** All of a series and minute in one, as only together they come to what its calls do. */
function* inWrites(corrections: readonly CostCorrection[]): Generator<readonly CostCorrection[]> {
  let some: CostCorrection[] = [];
  for (const ofMinute of Map.groupBy(corrections, correctedMinute).values()) {
    some.push(...ofMinute);
    if (some.length < CORRECTIONS_PER_WRITE) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** Days rather than hours, because the range may be the whole history and most of it empty. */
async function daysWithUsage({ tenantId, fromMs, toMs }: UsageQuery, store: MetricsStore): Promise<readonly number[]> {
  const tenants = tenantId === null ? (await store.readDimensions(null)).map((series) => series.tenantId) : [tenantId];
  const days = new Set<number>();
  for (const tenant of new Set(tenants)) {
    const rows = await store.readMetrics({
      tenantId: tenant,
      route: null,
      model: null,
      provider: null,
      fromMs: Math.floor(fromMs / DAY_MS) * DAY_MS,
      toMs: Math.ceil(toMs / DAY_MS) * DAY_MS,
      steps: fixedSteps(DAY_MS),
      groupBy: [],
      order: 'asc',
      limit: DAYS_MAX,
      after: null,
    });
    for (const row of rows) days.add(row.windowStartMs);
  }
  return [...days].sort((a, b) => a - b);
}

/** A hundred years. */
const DAYS_MAX = 36_525;

function hoursOf(dayMs: number, { fromMs, toMs }: UsageQuery): { fromMs: number; toMs: number }[] {
  const hours = Array.from({ length: DAY_MS / HOUR_MS }, (_, hour) => dayMs + hour * HOUR_MS);
  return hours
    .map((hourMs) => ({ fromMs: Math.max(hourMs, fromMs), toMs: Math.min(hourMs + HOUR_MS, toMs) }))
    .filter((hour) => hour.fromMs < hour.toMs);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addModel(models: Map<string, Mutable<RepricedModel>>, model: RepricedModel): void {
  const key = `${model.tenantId}\0${model.provider}\0${model.model}`;
  const sum = models.get(key);
  if (sum === undefined) {
    models.set(key, { ...model });
    return;
  }
  sum.calls += model.calls;
  sum.oldPicoUsd += model.oldPicoUsd;
  sum.newPicoUsd += model.newPicoUsd;
  sum.differencePicoUsd += model.differencePicoUsd;
  sum.unpricedCallsBefore += model.unpricedCallsBefore;
  sum.unpricedCallsAfter += model.unpricedCallsAfter;
}

function byName(a: RepricedModel, b: RepricedModel): number {
  const nameOf = ({ tenantId, provider, model }: RepricedModel): string => `${tenantId}\0${provider}\0${model}`;
  return nameOf(a) < nameOf(b) ? -1 : 1;
}
