import { Counter, Gauge, Registry } from 'prom-client';
import { INPUT_TOPICS, type InputTopic } from '../events/topics.ts';
import { DurationHistogram } from '../exposition/duration-histogram.ts';
import type { MetricFamily, MetricSource } from '../exposition/metric-family.ts';
import { registrySource } from '../exposition/registry-source.ts';
import type { Logger } from '../http/logger.ts';
import { AUDIT_COUNTS, type AuditCount, type AuditCounts } from '../metrics-store/audit.ts';
import type { MeterRoom } from '../metrics-store/sender-use.ts';
import { CORRECTION_REASONS } from './core/reports/correction-reason.ts';
import type { CommitFact, ProcessorEvents } from './processor-events.ts';

/** What Prometheus and the log see of a processor. */
export class ProcessorMetrics implements ProcessorEvents, MetricSource {
  readonly registry = new Registry();
  readonly #logger: Logger;
  /** What is this processor's now, and which partitions of the log were read for it. */
  readonly #owned = new Map<number, Set<number>>();

  readonly #records = new Counter({
    name: 'streamlens_processor_records_total',
    help: 'Records taken from the log, by topic',
    labelNames: ['topic'],
    registers: [this.registry],
  });
  readonly #lag = new Gauge({
    name: 'streamlens_processor_lag_records',
    help: 'Records in the log that were not taken yet',
    labelNames: ['topic', 'partition'],
    registers: [this.registry],
  });
  readonly #waiting = new Gauge({
    name: 'streamlens_processor_waiting',
    help: 'Records that are pending, each waiting for its counterpart: the size of the join',
    labelNames: ['partition'],
    registers: [this.registry],
  });
  readonly #completeThrough = new Gauge({
    name: 'streamlens_processor_watermark_seconds',
    help: 'Log time, in seconds since the epoch, up to which every event is in the rows',
    labelNames: ['partition'],
    registers: [this.registry],
  });
  readonly #commitSeconds = new DurationHistogram({
    name: 'streamlens_commit_duration_seconds',
    help: 'Time of one commit to the store, of all partitions together and retries included',
  });
  readonly #committed = new Counter({
    name: 'streamlens_committed_total',
    help: 'What commits added: rows, calls, dead letters, checkpoint bytes',
    labelNames: ['what'],
    registers: [this.registry],
  });
  readonly #audit = new Gauge({
    name: 'streamlens_audit_events',
    help: 'Events taken from the log by type and fate: accepted = counted + waiting + duplicate + dead',
    labelNames: ['type', 'fate'],
    registers: [this.registry],
  });
  readonly #corrections = new Counter({
    name: 'streamlens_corrections_total',
    help: 'Calls that were counted and are counted otherwise since more was learnt about them, by what that was',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  readonly #fenced = new Counter({
    name: 'streamlens_processor_fenced_total',
    help: 'Commits refused because another processor owns the partition',
    registers: [this.registry],
  });
  readonly #fellowsEnded = new Counter({
    name: 'streamlens_processor_fellows_ended_total',
    help: 'Other processors that were killed, by whose connections to Postgres this one knew it and told the group',
    registers: [this.registry],
  });
  readonly #retries = new Counter({
    name: 'streamlens_processor_retries_total',
    help: 'Attempts that failed and are tried again',
    registers: [this.registry],
  });
  readonly #recoverySeconds = new Gauge({
    name: 'streamlens_recovery_duration_seconds',
    help: 'Time of the last recovery of a partition',
    labelNames: ['partition'],
    registers: [this.registry],
  });
  readonly #priceList = new Gauge({
    name: 'streamlens_price_list_info',
    help: 'Version and date of the price list in use',
    labelNames: ['version', 'date'],
    registers: [this.registry],
  });
  readonly #priceListLooks = new Counter({
    name: 'streamlens_price_list_looks_total',
    help: 'Looks for a newer price list, by what came of them',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly #registers = new Gauge({
    name: 'streamlens_coverage_registers',
    help: 'The most series of metrics that one tenant has in one of the latest two hours',
    registers: [this.registry],
  });
  readonly #lostPoints = new Gauge({
    name: 'streamlens_coverage_lost_points',
    help: 'Data points of the latest two hours that found no room among the series and intervals of their hour',
    registers: [this.registry],
  });
  readonly #published = new Counter({
    name: 'streamlens_published_total',
    help: 'Rows and dead letters published to their topics',
    labelNames: ['what'],
    registers: [this.registry],
  });

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#commitSeconds.begin('', {});
    // Each series begins with 0: else the first dead letter would be no increase.
    for (const topic of INPUT_TOPICS) this.#records.inc({ topic }, 0);
    for (const what of ['rows', 'calls', 'dead_letters', 'checkpoint_bytes']) this.#committed.inc({ what }, 0);
    for (const what of ['rows', 'dead_letters']) this.#published.inc({ what }, 0);
    for (const reason of CORRECTION_REASONS) this.#corrections.inc({ reason }, 0);
    for (const name of AUDIT_COUNTS) this.#audit.inc(auditLabels(name), 0);
  }

  async families(): Promise<readonly MetricFamily[]> {
    return [...(await registrySource(this.registry).families()), this.#commitSeconds.family()];
  }

  priceList({ version, date }: { readonly version: string; readonly date: string }): void {
    this.#priceList.reset();
    this.#priceList.set({ version, date }, 1);
  }

  priceListLooked(outcome: 'stored' | 'refused' | 'same' | 'failed'): void {
    this.#priceListLooks.inc({ outcome });
  }

  recovered(partition: number, { recordsRead, tookMs }: { recordsRead: number; tookMs: number }): void {
    this.#owned.set(partition, new Set());
    this.#recoverySeconds.set({ partition }, tookMs / 1000);
    this.#logger.info({ partition, recordsRead, tookMs: Math.round(tookMs) }, 'Took over a partition');
  }

  folded(
    partition: number,
    topic: InputTopic,
    { logPartition, records, lag }: { logPartition: number; records: number; lag: number },
  ): void {
    if (records > 0) this.#records.inc({ topic }, records);
    const read = this.#owned.get(partition);
    if (read === undefined) return;
    read.add(logPartition);
    this.#lag.set({ topic, partition: logPartition }, lag);
  }

  committed(partition: number, fact: CommitFact): void {
    this.#committed.inc({ what: 'calls' }, fact.calls);
    this.#committed.inc({ what: 'dead_letters' }, fact.deadLetters);
    this.#committed.inc({ what: 'checkpoint_bytes' }, fact.checkpointBytes);
    for (const [reason, count] of fact.corrections) this.#corrections.inc({ reason }, count);
    for (const { counts } of fact.audits) this.#book(counts);
    // A commit may end after its partition was handed over: its series would stay for ever, and be somebody else's.
    if (this.#owned.has(partition)) {
      this.#waiting.set({ partition }, fact.waiting);
      this.#completeThrough.set({ partition }, fact.completeThroughMs / 1000);
    }
    if (fact.deadLetters > 0)
      this.#logger.warn({ partition, deadLetters: fact.deadLetters }, 'Records became dead letters');
  }

  groupCommitted({ tookMs, rows }: { tookMs: number; rows: number }): void {
    this.#commitSeconds.observe('', {}, tookMs / 1000);
    this.#logger.debug({ rows, tookMs: Math.round(tookMs) }, 'Committed');
    this.#committed.inc({ what: 'rows' }, rows);
  }

  /** A gauge because what waits goes down again, and a response moves to its tenant when it meets its request. */
  #book(counts: AuditCounts): void {
    for (const name of AUDIT_COUNTS) {
      if (counts[name] !== 0) this.#audit.inc(auditLabels(name), counts[name]);
    }
  }

  fenced(partition: number): void {
    this.#fenced.inc();
    this.#logger.warn({ partition }, 'Another processor committed for this partition; starting from there');
  }

  retrying(what: string, error: Error, { attempt, waitMs }: { attempt: number; waitMs: number }): void {
    this.#retries.inc();
    this.#logger.warn({ attempt, waitMs, reason: error.message }, `Failed, trying again: ${what}`);
  }

  revoked(partition: number): void {
    for (const gauge of [this.#waiting, this.#completeThrough, this.#recoverySeconds]) gauge.remove({ partition });
    for (const logPartition of this.#owned.get(partition) ?? []) {
      for (const topic of INPUT_TOPICS) this.#lag.remove({ topic, partition: logPartition });
    }
    this.#owned.delete(partition);
    this.#logger.info({ partition }, 'Gave up a partition');
  }

  fellowEnded(memberId: string): void {
    this.#fellowsEnded.inc();
    this.#logger.warn({ memberId }, 'Another processor has ended; its partitions are taken over');
  }

  /** How near the registers of metrics are to their bounds. */
  meterRoom({ registers, lostPoints }: MeterRoom): void {
    this.#registers.set(registers);
    this.#lostPoints.set(lostPoints);
  }

  published({ rows, deadLetters }: { rows: number; deadLetters: number }): void {
    this.#published.inc({ what: 'rows' }, rows);
    this.#published.inc({ what: 'dead_letters' }, deadLetters);
  }
}

/** `duplicateRequests` is the fate `duplicate` of a `request`. */
function auditLabels(name: AuditCount): { type: string; fate: string } {
  const [, fate = '', type = ''] = /^([a-z]+)([A-Z][a-z]+)s$/.exec(name) ?? [];
  return { type: type.toLowerCase(), fate };
}
