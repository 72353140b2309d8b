import { type Series, seriesKey } from '../../tally/series.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { addUsage, type BilledModel, Usage } from '../../tally/usage.ts';
import { windowStartMs } from '../../tally/window.ts';
import { AUDIT_COUNTS, type AuditDelta, emptyAuditCounts, isBalanced } from '../audit.ts';
import { REPRICED_COUNTS, REPRICED_FIELDS, REPRICED_MONEY, repricedSumsOf } from '../billed-columns.ts';
import type { Commit, CommitOutcome, Progress } from '../commit.ts';
import { additionsOf, outcomeOf, standingOf } from '../commit-group.ts';
import { addEvaluationTally, type EvaluationTally, emptyEvaluationTally } from '../evaluation.ts';
import { billedKey, foldAudits, foldEvaluations, foldUsages, storableBilled } from '../fold-commit.ts';
import type * as Reader from '../metrics-reader.ts';
import type { CallCorrection, CostCorrection, MetricsStore, PruneBefore, RepricedShare } from '../metrics-store.ts';
import type { DeadLetter, PublishableRow } from '../outbox.ts';
import { PROCESSOR_KEPT_MS, type RunningProcessor } from '../processors.ts';
import { RECONCILIATIONS_MAX, type ReconciliationsQuery, type StoredReconciliation } from '../reconciliation.ts';
import { summaryAsMetrics } from '../regroup.ts';
import type { CoveragePageQuery, CoverageQuery, CoverageRow, CoverageTotal, MeterRoom } from '../sender-use.ts';
import { DIMENSION_VALUES_UNLIMITED, SERIES_PER_TENANT_UNLIMITED } from '../series-limits.ts';
import { type TenantFilter, tenantTest } from '../tenant-filter.ts';
import { MemoryCalls } from './memory-calls.ts';
import { MemoryDeadLetters } from './memory-dead-letters.ts';
import { MemoryDictionary, type Pair } from './memory-dictionary.ts';
import { MemoryDimensions } from './memory-dimensions.ts';
import { MemoryEvaluationNames } from './memory-evaluation-names.ts';
import { MemorySenderUse } from './memory-sender-use.ts';
import { MemoryWindows } from './memory-windows.ts';

interface EvaluationEntry {
  readonly pair: Pair;
  readonly name: string;
  readonly windowStartMs: number;
  readonly tally: EvaluationTally;
}

interface UsageEntry {
  readonly series: Series;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly usage: Usage;
}

/**
 * The whole store in this process. For the simulation, tests and examples: so simple that what it holds is right by
 * reading it, never fast. A commit is atomic because nothing in it waits and nothing in it can fail half way.
 */
export class MemoryMetricsStore implements MetricsStore {
  readonly #dictionary: MemoryDictionary;
  readonly #windows: MemoryWindows;
  readonly #dimensions: MemoryDimensions;
  readonly #calls = new MemoryCalls();
  readonly #deadLetters = new MemoryDeadLetters();
  readonly #progress = new Map<number, Progress>();
  readonly #usages = new Map<string, UsageEntry>();
  readonly #evaluations = new Map<string, EvaluationEntry>();
  readonly #evaluationNames = new MemoryEvaluationNames();
  readonly #senderUse = new MemorySenderUse();
  readonly #audits = new Map<string, AuditDelta>();
  /** How often something was written. */
  #writeCount = 0;
  /** The newest first. */
  #reconciliations: readonly StoredReconciliation[] = [];
  #processors: readonly RunningProcessor[] = [];

  constructor({
    maxSeriesPerTenant = SERIES_PER_TENANT_UNLIMITED,
    dimensionValuesMax = DIMENSION_VALUES_UNLIMITED,
  }: { readonly maxSeriesPerTenant?: number; readonly dimensionValuesMax?: number } = {}) {
    this.#dictionary = new MemoryDictionary(maxSeriesPerTenant);
    this.#dimensions = new MemoryDimensions(this.#dictionary, dimensionValuesMax);
    this.#windows = new MemoryWindows(this.#dictionary, this.#dimensions);
  }

  async loadProgress(partition: number): Promise<Progress | null> {
    return this.#progress.get(partition) ?? null;
  }

  async commit(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const standings = commits.map((commit) => standingOf(commit, this.#progress.get(commit.partition) ?? null));
    const next = commits.filter((_, index) => standings[index] === 'next');
    if (next.length > 0) this.#writeCount++;
    for (const commit of next) this.#moveProgress(commit);
    const added = additionsOf(next);
    this.#windows.add(added.tallies, added.committedAtMs);
    this.#dimensions.add(added.dimensions);
    this.#addUsages(added.usages);
    this.#addEvaluations(added.evaluations);
    this.#addAudits(added.audits);
    this.#senderUse.add(added.senderCalls, added.meters);
    this.#calls.remove(added.removedCalls);
    this.#calls.write(added.calls);
    this.#deadLetters.add(added.deadLetters);
    return standings.map(outcomeOf);
  }

  async readState(): Promise<Reader.StoreState> {
    const throughMs = Array.from(this.#progress.values(), (progress) => progress.completeThroughMs);
    return { id: String(this.#writeCount), completeThroughMs: throughMs.length === 0 ? null : Math.min(...throughMs) };
  }

  async readMetrics(query: Reader.MetricsQuery): Promise<readonly Reader.MetricsRow[]> {
    return this.#windows.read(query);
  }

  async readSummary(query: Reader.SummaryQuery): Promise<readonly Reader.MetricsRow[]> {
    return this.#windows.read(summaryAsMetrics(query));
  }

  async readSpan(tenantId: TenantFilter): Promise<TimeRange | null> {
    return this.#windows.readSpan(tenantId);
  }

  async readChanges(query: Reader.ChangesQuery): Promise<readonly Reader.ChangedRow[]> {
    return this.#windows.readChanges(query);
  }

  async readDimensions(tenantId: TenantFilter): Promise<readonly Reader.SeriesActivity[]> {
    return this.#windows.readDimensions(tenantId);
  }

  async readCalls(query: Reader.CallsQuery): Promise<ReturnType<MemoryCalls['read']>> {
    return this.#calls.read(query);
  }

  async countCalls(query: Reader.KeptQuery): Promise<Reader.KeptCalls> {
    return this.#calls.count(query);
  }

  async readCall(tenantId: string, requestId: string): Promise<ReturnType<MemoryCalls['readOne']>> {
    return this.#calls.readOne(tenantId, requestId);
  }

  async readEvaluations(query: Reader.EvaluationsQuery): Promise<readonly Reader.EvaluationRow[]> {
    const { tenantId, fromMs, toMs, stepMs, limit } = query;
    const merged = new Map<string, Reader.EvaluationRow>();
    for (const { pair, name, windowStartMs: minuteMs, tally } of this.#evaluations.values()) {
      if (pair.tenantId !== tenantId || minuteMs < fromMs || minuteMs >= toMs || (query.name ?? name) !== name)
        continue;
      if (tally.count === 0) continue;
      if ((query.route ?? pair.route) !== pair.route || (query.model ?? pair.model) !== pair.model) continue;
      const startMs = windowStartMs(minuteMs, stepMs);
      const key = `${startMs} ${name}`;
      const row = merged.get(key) ?? { name, windowStartMs: startMs, tally: emptyEvaluationTally() };
      addEvaluationTally(row.tally, tally);
      merged.set(key, row);
    }
    const rows = [...merged.values()];
    return rows.sort((a, b) => b.windowStartMs - a.windowStartMs || (a.name < b.name ? -1 : 1)).slice(0, limit);
  }

  async readProgress(): Promise<ReadonlyMap<number, Progress>> {
    return new Map(this.#progress);
  }

  async readDimensionValues(query: Reader.DimensionValuesQuery): Promise<readonly Reader.DimensionActivity[]> {
    return this.#windows.readDimensionValues(query);
  }

  async readAudit(query: Reader.AuditQuery): Promise<readonly Reader.AuditRow[]> {
    const { limit, after } = query.page ?? { limit: Number.POSITIVE_INFINITY, after: null };
    return this.#auditsIn(query)
      .filter(({ hourStartMs, tenantId }) => {
        if (after === null || hourStartMs > after.hourStartMs) return true;
        return hourStartMs === after.hourStartMs && tenantId > after.tenantId;
      })
      .slice(0, limit)
      .map((row) => ({ ...row, counts: { ...row.counts } }));
  }

  async readAuditTotals(query: Reader.AuditQuery): Promise<Reader.AuditTotals> {
    const rows = this.#auditsIn(query);
    const counts = emptyAuditCounts();
    for (const row of rows) for (const name of AUDIT_COUNTS) counts[name] += row.counts[name];
    return {
      counts,
      unbalancedRows: rows.filter((row) => !isBalanced(row.counts)).length,
      firstHourMs: rows[0]?.hourStartMs ?? null,
      lastHourMs: rows.at(-1)?.hourStartMs ?? null,
    };
  }

  #auditsIn(query: Reader.AuditQuery): readonly AuditDelta[] {
    const isWanted = tenantTest(query.tenantId);
    return [...this.#audits.values()]
      .filter(({ hourStartMs }) => hourStartMs >= query.fromMs && hourStartMs < query.toMs)
      .filter(({ tenantId }) => isWanted(tenantId))
      .sort((a, b) => a.hourStartMs - b.hourStartMs || (a.tenantId < b.tenantId ? -1 : 1));
  }

  async readCoverage(query: CoveragePageQuery): Promise<readonly CoverageRow[]> {
    return this.#senderUse.read(query);
  }

  async readCoverageTotals(query: CoverageQuery): Promise<readonly CoverageTotal[]> {
    return this.#senderUse.readTotals(query);
  }

  async readMeterRoom(fromMs: number): Promise<MeterRoom> {
    return this.#senderUse.room(fromMs);
  }

  async readDeadLetters(query: {
    limit: number;
    before: Reader.DeadLetterCursor | null;
  }): Promise<readonly DeadLetter[]> {
    return this.#deadLetters.read(query);
  }

  async readUsage({ tenantId, fromMs, toMs }: Reader.UsageQuery): Promise<readonly Reader.UsageRow[]> {
    const isWanted = tenantTest(tenantId);
    return [...this.#usages.values()]
      .filter(({ series }) => isWanted(series.tenantId))
      .filter((row) => row.windowStartMs >= fromMs && row.windowStartMs < toMs)
      .map(({ series, windowStartMs: startMs, billed, usage }) => {
        const copy = new Usage();
        addUsage(copy, usage);
        return { ...series, windowStartMs: startMs, billed, usage: copy };
      });
  }

  async unpublishedRows(limit: number): Promise<readonly PublishableRow[]> {
    return this.#windows.unpublished(limit);
  }

  async markRowsPublished(rows: readonly PublishableRow[]): Promise<void> {
    this.#writeCount++;
    this.#windows.markPublished(rows);
  }

  async unpublishedDeadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#deadLetters.unpublished(limit);
  }

  async markDeadLettersPublished(letters: readonly DeadLetter[]): Promise<void> {
    this.#writeCount++;
    this.#deadLetters.markPublished(letters);
  }

  async reprice(
    corrections: readonly CostCorrection[],
    committedAtMs: number,
    shares: readonly RepricedShare[] = [],
  ): Promise<number> {
    this.#writeCount++;
    let applied = 0;
    const touched = new Map<string, readonly CostCorrection[]>();
    for (const correction of corrections) {
      const { series, windowStartMs: startMs } = correction;
      const id = seriesKey(series);
      const entry = this.#usages.get(`${id} ${startMs} ${billedKey(storableBilled(correction.billed))}`);
      if (entry === undefined || !isAsExpected(entry.usage, correction)) continue;
      applied++;
      for (const field of REPRICED_MONEY) entry.usage[field].addBig(correction.change[field]);
      for (const field of REPRICED_COUNTS) entry.usage[field] += correction.change[field];
      this.#windows.reprice(entry.series, startMs, correction.change);
      const key = `${id} ${startMs}`;
      touched.set(key, [...(touched.get(key) ?? []), { ...correction, series: entry.series }]);
    }
    this.#dimensions.reprice(touched.values(), shares);
    for (const [first] of touched.values()) {
      if (first !== undefined) this.#windows.touchMinute(first.series, first.windowStartMs, committedAtMs);
    }
    return applied;
  }

  async repriceCalls(corrections: readonly CallCorrection[]): Promise<void> {
    this.#writeCount++;
    this.#calls.reprice(corrections);
  }

  async prune(before: PruneBefore): Promise<void> {
    this.#writeCount++;
    this.#windows.prune(before);
    this.#dimensions.prune(before);
    this.#calls.prune(before.callsMs);
    this.#deadLetters.prune(before.deadLettersMs);
    this.#senderUse.prune(before.hoursMs);
    for (const rows of [this.#usages, this.#evaluations]) {
      for (const [key, row] of rows) if (row.windowStartMs < before.minutesMs) rows.delete(key);
    }
    for (const [key, row] of this.#audits) if (row.hourStartMs < before.hoursMs) this.#audits.delete(key);
  }

  async saveReconciliation(reconciliation: StoredReconciliation): Promise<void> {
    this.#writeCount++;
    const others = this.#reconciliations.filter(({ id }) => id !== reconciliation.id);
    this.#reconciliations = [...others, { ...reconciliation }]
      .sort((a, b) => b.madeAtMs - a.madeAtMs || (a.id < b.id ? -1 : 1))
      .slice(0, RECONCILIATIONS_MAX);
  }

  async readReconciliations({ tenantId, limit }: ReconciliationsQuery): Promise<readonly StoredReconciliation[]> {
    const isAsked = tenantTest(tenantId);
    const found = this.#reconciliations.filter(
      (each) => tenantId === null || (each.tenantId !== null && isAsked(each.tenantId)),
    );
    return found.slice(0, limit);
  }

  async tellProcessor(processor: RunningProcessor): Promise<void> {
    const fromMs = processor.seenAtMs - PROCESSOR_KEPT_MS;
    const others = this.#processors.filter(({ id, seenAtMs }) => id !== processor.id && seenAtMs >= fromMs);
    this.#processors = [...others, { ...processor }];
  }

  async forgetProcessor(id: string): Promise<void> {
    this.#processors = this.#processors.filter((each) => each.id !== id);
  }

  async readProcessors(): Promise<readonly RunningProcessor[]> {
    return this.#processors.toSorted((a, b) => (a.place < b.place ? -1 : 1));
  }

  async checkHealth(): Promise<void> {}

  async close(): Promise<void> {}

  #moveProgress({ partition, expectedSeq, token, positions, completeThroughMs, committedAtMs, ...rest }: Commit): void {
    const checkpoint = rest.checkpoint?.slice() ?? this.#progress.get(partition)?.checkpoint ?? new Uint8Array(0);
    const seq = expectedSeq + 1;
    this.#progress.set(partition, { seq, token, positions, completeThroughMs, committedAtMs, checkpoint });
  }

  #addUsages(deltas: Commit['usages']): void {
    for (const { ref, windowStartMs: startMs, billed, usage } of foldUsages(deltas, (series) =>
      this.#dictionary.resolveSeries(series),
    )) {
      const key = `${ref.id} ${startMs} ${billedKey(billed)}`;
      const entry = this.#usages.get(key) ?? { series: ref.series, windowStartMs: startMs, billed, usage: new Usage() };
      addUsage(entry.usage, usage);
      this.#usages.set(key, entry);
    }
  }

  #addEvaluations(deltas: Commit['evaluations']): void {
    for (const { ref, name, windowStartMs: startMs, tally } of foldEvaluations(deltas, (delta) => ({
      ref: this.#dictionary.resolvePair(delta),
      ...this.#evaluationNames.resolve(delta.tenantId, delta.name),
    }))) {
      const key = `${ref.id} ${startMs} ${name}`;
      const entry = this.#evaluations.get(key) ?? {
        pair: ref,
        name,
        windowStartMs: startMs,
        tally: emptyEvaluationTally(),
      };
      addEvaluationTally(entry.tally, tally);
      this.#evaluations.set(key, entry);
    }
  }

  #addAudits(deltas: Commit['audits']): void {
    for (const { tenantId, hourStartMs, counts } of foldAudits(deltas)) {
      const key = `${hourStartMs} ${tenantId}`;
      const row = this.#audits.get(key) ?? { tenantId, hourStartMs, counts: emptyAuditCounts() };
      for (const count of AUDIT_COUNTS) row.counts[count] += counts[count];
      this.#audits.set(key, row);
    }
  }
}

function isAsExpected(usage: Usage, { expected }: CostCorrection): boolean {
  const sums = repricedSumsOf(usage);
  return REPRICED_FIELDS.every((field) => sums[field] === expected[field]);
}
