import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type EventType, TOPIC_OF } from '../events/topics.ts';
import { DurationHistogram } from '../exposition/duration-histogram.ts';
import type { MetricFamily, MetricSource } from '../exposition/metric-family.ts';
import { registrySource } from '../exposition/registry-source.ts';
import { STORAGE_ERROR_CODES } from '../storage/storage-error.ts';
import type { AppendQueue, AppendQueueEvents } from './append-queue.ts';

/** Why an event was not accepted. */
const REJECTIONS = ['invalid', 'too_large', 'queue_full', 'log_unavailable', 'unauthorized', 'rate_limited'] as const;
export type Rejection = (typeof REJECTIONS)[number];

/** Kinds with labels of their own: both come from senders. */
const IGNORED_KINDS_MAX = 100;

/** What Prometheus sees of the ingestion API. */
export class IngestionMetrics implements AppendQueueEvents, MetricSource {
  readonly registry = new Registry();

  readonly #accepted = new Counter({
    name: 'streamlens_events_accepted_total',
    help: 'Events that are durable in the log, by type',
    labelNames: ['type'],
    registers: [this.registry],
  });
  readonly #rejected = new Counter({
    name: 'streamlens_events_rejected_total',
    help: 'Events that were answered with an error, by reason',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  readonly #spans = new Counter({
    name: 'streamlens_otlp_spans_total',
    help: 'OTLP spans by what they said: calls, context (whose the calls of their trace are), ignored (nothing), rejected',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly #logRecords = new Counter({
    name: 'streamlens_otlp_log_records_total',
    help: 'OTLP log records by what they said: calls, ignored (nothing), rejected',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly #dataPoints = new Counter({
    name: 'streamlens_otlp_data_points_total',
    help: 'OTLP data points by what they said: kept (what their sender used), ignored (nothing of it), rejected',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly #ignored = new Counter({
    name: 'streamlens_otlp_ignored_total',
    help: 'What came by OTLP, speaks of a model and was not counted, by signal, instrumentation and reason; see /v1/otlp/ignored',
    labelNames: ['signal', 'scope', 'reason'],
    registers: [this.registry],
  });
  readonly #ignoredKinds = new Set<string>();
  readonly #appendSeconds = new DurationHistogram({
    name: 'streamlens_append_duration_seconds',
    help: 'Time of one durable append to the log',
  });
  readonly #appendRecords = new Histogram({
    name: 'streamlens_append_records',
    help: 'Records in one append: how well appends are grouped',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000],
    registers: [this.registry],
  });
  readonly #appendFailures = new Counter({
    name: 'streamlens_append_failures_total',
    help: 'Appends that failed, by code',
    labelNames: ['code'],
    registers: [this.registry],
  });

  /** Each series begins with 0: else the first failure would be no increase. */
  constructor() {
    this.#appendSeconds.begin('', {});
    for (const type of Object.keys(TOPIC_OF)) this.#accepted.inc({ type }, 0);
    for (const reason of REJECTIONS) this.#rejected.inc({ reason }, 0);
    for (const outcome of ['calls', 'context', 'ignored', 'rejected']) this.#spans.inc({ outcome }, 0);
    for (const outcome of ['calls', 'ignored', 'rejected']) this.#logRecords.inc({ outcome }, 0);
    for (const outcome of ['kept', 'ignored', 'rejected']) this.#dataPoints.inc({ outcome }, 0);
    for (const code of STORAGE_ERROR_CODES) this.#appendFailures.inc({ code }, 0);
  }

  async families(): Promise<readonly MetricFamily[]> {
    return [...(await registrySource(this.registry).families()), this.#appendSeconds.family()];
  }

  /** The queue is read when Prometheus asks. */
  watch(queue: AppendQueue): void {
    const gauge = new Gauge({
      name: 'streamlens_append_queue_bytes',
      help: 'Bytes of events that wait for the log or are under way',
      registers: [this.registry],
      collect() {
        this.set(queue.bytes);
      },
    });
    gauge.set(0);
  }

  accepted(type: EventType, count: number): void {
    this.#accepted.inc({ type }, count);
  }

  rejected(reason: Rejection, count: number): void {
    this.#rejected.inc({ reason }, count);
  }

  ignored(signal: string, { scope, reason, count }: { scope: string; reason: string; count: number }): void {
    const kind = `${scope}\n${reason}`;
    if (!this.#ignoredKinds.has(kind) && this.#ignoredKinds.size >= IGNORED_KINDS_MAX) {
      this.#ignored.inc({ signal, scope: 'other', reason: 'other' }, count);
      return;
    }
    this.#ignoredKinds.add(kind);
    this.#ignored.inc({ signal, scope, reason }, count);
  }

  reports(type: 'report' | 'meter', count: number): void {
    this.#accepted.inc({ type }, count);
  }

  items(
    signal: 'traces' | 'logs' | 'metrics',
    counts: { calls: number; context: number; kept: number; ignored: number; rejected: number },
  ): void {
    const counter = { traces: this.#spans, logs: this.#logRecords, metrics: this.#dataPoints }[signal];
    for (const [outcome, count] of Object.entries(counts)) if (count > 0) counter.inc({ outcome }, count);
  }

  appended({ records, tookMs }: { records: number; tookMs: number }): void {
    this.#appendSeconds.observe('', {}, tookMs / 1000);
    this.#appendRecords.observe(records);
  }

  failed({ code }: { code: string }): void {
    this.#appendFailures.inc({ code });
  }
}
