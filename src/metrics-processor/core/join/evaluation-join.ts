import { traceIdOf } from '../../../events/correlation-key.ts';
import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import type { EvaluatedSeries } from '../sums/evaluation-deltas.ts';
import { Fingerprint } from './fingerprint.ts';
import { IdTable, NONE } from './id-table.ts';
import { isInReach, type KnownCall } from './known-call.ts';
import type { LogTimes } from './log-times.ts';
import { Sightings, see } from './sightings.ts';
import { type PendingEvaluation, WaitingEvaluations } from './waiting-evaluations.ts';

export interface EvaluationSink {
  evaluationCounted(series: EvaluatedSeries, pending: PendingEvaluation, hasWaited: boolean): void;
  evaluationLost(pending: PendingEvaluation, reason: 'no_call' | 'foreign_tenant' | 'too_many_pending'): void;
}

export interface EvaluationJoinOptions {
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
  readonly logTimeSlackMs: number;
  readonly pendingMax: number;
  readonly pendingBytesMax: number;
  readonly fingerprintSeed: number;
}

/**
 * Finds out what an evaluation is about. One that names tenant, route and model needs nobody; others take them from
 * their call, which the join remembers for the dedup horizon, or wait for it as long as a response would.
 *
 * It is about the earliest call of its id and tenant (of its id alone, where neither it nor its sender's key names one)
 * that was seen until at most the horizon before it and from at most the timeout after it. Calls are folded in order of
 * the log, so the first one found in that range is the earliest, and it does not matter how far one topic was read
 * before the other.
 */
export class EvaluationJoin {
  readonly waiting = new WaitingEvaluations();
  gaveUpBeyondReplay = false;
  /** As `Join.isBounded`. */
  isBounded = true;
  readonly #options: EvaluationJoinOptions;
  readonly #sink: EvaluationSink;
  readonly #seen = new IdTable(64);
  readonly #fingerprint: Fingerprint;

  constructor(options: EvaluationJoinOptions, sink: EvaluationSink) {
    this.#options = options;
    this.#sink = sink;
    this.#fingerprint = new Fingerprint(options.fingerprintSeed);
  }

  fold(pending: PendingEvaluation, calls: readonly KnownCall[]): 'duplicate' | 'waiting' | 'counted' {
    if (this.#isRepeated(pending)) return 'duplicate';
    const series = ownSeries(pending) ?? this.#callOf(pending, calls)?.series;
    if (series !== undefined) {
      this.#sink.evaluationCounted(series, pending, false);
      return 'counted';
    }
    const sightings = new Sightings();
    for (const call of calls) see(sightings, pending, call, this.#options);
    this.waiting.add(pending, sightings);
    const { pendingMax, pendingBytesMax } = this.#options;
    while (this.isBounded && (this.waiting.size > pendingMax || this.waiting.bytes > pendingBytesMax)) {
      this.gaveUpBeyondReplay = true;
      this.#sink.evaluationLost(this.waiting.take(this.waiting.arrivals.first), 'too_many_pending');
    }
    return 'waiting';
  }

  /** A request was seen, again or for the first time: what waited for it is counted, the rest goes on waiting. */
  requestSeen(requestId: string, calls: readonly KnownCall[]): void {
    for (const slot of this.waiting.ofRequest(requestId)) {
      const waiting = this.waiting.at(slot);
      for (const each of calls) see(waiting.sightings, waiting, each, this.#options);
      const call = this.#callOf(waiting, calls);
      if (call !== undefined) this.#sink.evaluationCounted(call.series, this.waiting.take(slot), true);
    }
  }

  giveUpTimedOut({ readMs, replayMs }: LogTimes): void {
    const { joinTimeoutMs, dedupHorizonMs, logTimeSlackMs } = this.#options;
    const patienceMs = joinTimeoutMs + logTimeSlackMs;
    for (let slot = this.waiting.arrivals.first; slot !== NONE; slot = this.waiting.arrivals.first) {
      const { loggedAtMs, event } = this.waiting.at(slot);
      if (loggedAtMs >= callsReadMs(event.request_id, readMs) - patienceMs) break;
      if (loggedAtMs >= callsReadMs(event.request_id, replayMs) - patienceMs) this.gaveUpBeyondReplay = true;
      const lost = this.waiting.take(slot);
      this.#sink.evaluationLost(lost, lost.sightings.areForeign ? 'foreign_tenant' : 'no_call');
    }
    const seenFromMs = readMs[TOPICS.evaluations] - dedupHorizonMs - logTimeSlackMs;
    this.#seen.forgetWhile((entry) => this.#seen.requestSeenMs(entry) < seenFromMs);
  }

  /** Read back from the log: its id was seen, and it may still be waiting. */
  recall(pending: PendingEvaluation, { isWaiting, isForeign }: { isWaiting: boolean; isForeign: boolean }): void {
    this.#isRepeated(pending);
    if (!isWaiting) return;
    const sightings = new Sightings();
    sightings.otherTenant = isForeign;
    this.waiting.add(pending, sightings);
  }

  #callOf({ tenantId, loggedAtMs }: PendingEvaluation, calls: readonly KnownCall[]): KnownCall | undefined {
    return calls.find(
      (call) => (tenantId === null || call.series.tenantId === tenantId) && isInReach(call, loggedAtMs, this.#options),
    );
  }

  /** An evaluation is itself again when tenant, call, name and evaluator are the same. */
  #isRepeated({ event, tenantId, loggedAtMs }: PendingEvaluation): boolean {
    const identity = `${tenantId ?? ''}\0${event.request_id}\0${event.name}\0${event.evaluator ?? ''}`;
    const entry = this.#seen.touch(this.#fingerprint.of(Buffer.from(identity)));
    const lastMs = this.#seen.requestSeenMs(entry);
    if (loggedAtMs > lastMs) this.#seen.setRequestSeenMs(entry, loggedAtMs);
    return loggedAtMs - lastMs <= this.#options.dedupHorizonMs;
  }
}

/** How far what may bring the call of an id is read: a call that came by OTLP has no request. */
function callsReadMs(requestId: string, timesMs: Readonly<Record<InputTopic, number>>): number {
  const requestsMs = timesMs[TOPICS.requests];
  return traceIdOf(requestId) === null ? requestsMs : Math.min(requestsMs, timesMs[TOPICS.reports]);
}

function ownSeries({ event }: PendingEvaluation): EvaluatedSeries | null {
  const { tenant_id: tenantId, route, model } = event;
  return tenantId === undefined || route === undefined || model === undefined ? null : { tenantId, route, model };
}
