import { traceIdOf } from '../../../events/correlation-key.ts';
import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import type { EvaluatedSeries } from '../sums/evaluation-deltas.ts';
import { Fingerprint } from './fingerprint.ts';
import { FollowingEvaluations } from './following-evaluations.ts';
import { IdTable } from './id-table.ts';
import { callOfSpan, isInReach, type KnownCall, type KnownSpan } from './known-call.ts';
import type { LogTimes } from './log-times.ts';
import { NONE } from './record-pages.ts';
import { Sightings, see } from './sightings.ts';
import { type PendingEvaluation, WaitingEvaluations } from './waiting-evaluations.ts';

export interface EvaluationSink {
  evaluationCounted(series: EvaluatedSeries, pending: PendingEvaluation, hasWaited: boolean): void;
  /** It was counted there, and waits again. */
  evaluationTakenBack(series: EvaluatedSeries, pending: PendingEvaluation): void;
  evaluationLost(pending: PendingEvaluation, reason: 'no_call' | 'foreign_tenant' | 'too_many_pending'): void;
}

/** What is known of the id that an evaluation speaks of. */
export interface Judged {
  /** Of calls in two halves, in order of the log. */
  readonly calls: readonly KnownCall[];
  /** Of each sender that may have reported the span, the likelier first. */
  readonly spans: readonly KnownSpan[];
  /** Whether spans may be final only because the log said that it is silent, of which a replay knows nothing. */
  readonly isSilent: boolean;
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
 *
 * A call that came by OTLP may be corrected until its trace is closed. Until then the evaluation follows its span: it
 * is counted where the call is, and waits while the span is none. So it does not matter either in which order reports
 * and evaluations came.
 */
export class EvaluationJoin {
  readonly waiting = new WaitingEvaluations();
  readonly following = new FollowingEvaluations();
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

  /** How many are counted nowhere so far. */
  get waitingCount(): number {
    return this.waiting.size + this.following.waitingCount;
  }

  fold(pending: PendingEvaluation, about: Judged): 'duplicate' | 'waiting' | 'counted' {
    if (this.#isRepeated(pending)) return 'duplicate';
    const series = ownSeries(pending) ?? this.#callOf(pending, about.calls)?.series;
    if (series !== undefined) {
      this.#sink.evaluationCounted(series, pending, false);
      return 'counted';
    }
    const span = this.#spanOf(pending, about.spans);
    if (span !== undefined && span.series !== null) this.#sink.evaluationCounted(span.series, pending, false);
    if (span?.isOpen === true) this.#follow(pending, span);
    else if (span?.series === null) this.#lose(pending, about);
    else if (span === undefined) this.waiting.add(pending, this.#sightingsOf(pending, about));
    this.#bound();
    return span === undefined || span.series === null ? 'waiting' : 'counted';
  }

  /** Whether `requestSeen` may find anything: what an evaluation follows has an id in the form of spans. */
  concerns(requestId: string): boolean {
    if (this.waiting.ofRequest(requestId).length > 0) return true;
    return this.following.size > 0 && traceIdOf(requestId) !== null;
  }

  /** A request was seen, again or for the first time: what waited for it is counted, the rest goes on waiting. */
  requestSeen(requestId: string, calls: readonly KnownCall[]): void {
    for (const slot of this.waiting.ofRequest(requestId)) {
      const waiting = this.waiting.at(slot);
      for (const each of calls) see(waiting.sightings, waiting, each, this.#options);
      const call = this.#callOf(waiting, calls);
      if (call !== undefined) this.#sink.evaluationCounted(call.series, this.waiting.take(slot), true);
    }
    const traceId = traceIdOf(requestId);
    if (traceId === null) return;
    for (const each of this.following.ofTrace(traceId)) {
      if (each.series !== null || each.event.request_id !== requestId) continue;
      const call = this.#callOf(each, calls);
      if (call === undefined) continue;
      this.following.take(each);
      this.#sink.evaluationCounted(call.series, each, true);
    }
  }

  /** These spans were reported and settled: what waited for one is judged. */
  spansSettled(requestIds: Iterable<string>, judgedOf: (pending: PendingEvaluation) => Judged): void {
    for (const requestId of requestIds) {
      for (const slot of this.waiting.ofRequest(requestId)) this.#spanSettled(slot, judgedOf(this.waiting.at(slot)));
    }
  }

  /** The calls of a trace may be others than before: what was judged of them goes with them. */
  traceSettled(traceId: string, judgedOf: (pending: PendingEvaluation) => Judged): void {
    for (const each of this.following.ofTrace(traceId)) {
      const span = this.#openSpanOf(each, judgedOf(each).spans);
      const now = span?.series ?? null;
      if (isSame(each.series, now)) continue;
      if (each.series !== null) this.#sink.evaluationTakenBack(each.series, each);
      if (now !== null) this.#sink.evaluationCounted(now, each, true);
      this.following.move(each, now);
    }
  }

  /** Nothing corrects the calls of a trace any more: what is counted stays there, and what is not is lost. */
  traceClosed(traceId: string, judgedOf: (pending: PendingEvaluation) => Judged): void {
    for (const each of this.following.ofTrace(traceId)) {
      const about = judgedOf(each);
      const span = this.#openSpanOf(each, about.spans);
      // Another sender reported the same span, and its trace is open.
      if (span !== undefined && isSame(each.series, span.series)) continue;
      this.following.take(each);
      if (each.series === null) this.#lose(each, about);
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

  /**
   * All was read back. What waits for a span that is open followed it, and the rest goes on waiting: it was judged by
   * all that is closed, of which less is known now, as of a span of which only a repetition was read back.
   */
  finishRecall(judgedOf: (pending: PendingEvaluation) => Judged): void {
    for (const requestId of this.waiting.spanIds()) {
      for (const slot of this.waiting.ofRequest(requestId)) {
        const pending = this.waiting.at(slot);
        const span = this.#openSpanOf(pending, judgedOf(pending).spans);
        if (span !== undefined) this.#follow(this.waiting.take(slot), span);
      }
    }
  }

  #spanSettled(slot: number, about: Judged): void {
    const pending = this.waiting.at(slot);
    const span = this.#spanOf(pending, about.spans);
    if (span === undefined) return;
    this.waiting.take(slot);
    if (span.series !== null) this.#sink.evaluationCounted(span.series, pending, true);
    if (span.isOpen) this.#follow(pending, span);
    else if (span.series === null) this.#lose(pending, about);
  }

  #follow(pending: PendingEvaluation, { series }: KnownSpan): void {
    this.following.add(pending, pending.event.request_id.slice(0, TRACE_ID_CHARS), series);
  }

  /** Its span is final, and no call of its tenant. */
  #lose(pending: PendingEvaluation, about: Judged): void {
    if (about.isSilent) this.gaveUpBeyondReplay = true;
    this.#sink.evaluationLost(pending, this.#sightingsOf(pending, about).areForeign ? 'foreign_tenant' : 'no_call');
  }

  /** What follows its call is let go first: it is counted, and only a correction would miss it. */
  #bound(): void {
    const { pendingMax, pendingBytesMax } = this.#options;
    const { waiting, following } = this;
    const isOver = () =>
      waiting.size + following.size > pendingMax || waiting.bytes + following.bytes > pendingBytesMax;
    while (this.isBounded && isOver()) {
      this.gaveUpBeyondReplay = true;
      const { oldest } = following;
      if (oldest === undefined) {
        this.#sink.evaluationLost(waiting.take(waiting.arrivals.first), 'too_many_pending');
        continue;
      }
      following.take(oldest);
      if (oldest.series === null) this.#sink.evaluationLost(oldest, 'too_many_pending');
    }
  }

  /** The span that it is about: one that is a call of its tenant, else one that may become one, else one of none. */
  #spanOf(pending: PendingEvaluation, spans: readonly KnownSpan[]): KnownSpan | undefined {
    const inReach = spans.filter(({ firstSeenMs }) =>
      isInReach({ firstSeenMs, lastSeenMs: firstSeenMs }, pending.loggedAtMs, this.#options),
    );
    const isOwn = ({ series }: KnownSpan) =>
      series !== null && (pending.tenantId === null || series.tenantId === pending.tenantId);
    const other = inReach.find(({ isOpen }) => isOpen) ?? inReach[0];
    return inReach.find(isOwn) ?? (other === undefined ? undefined : { ...other, series: null });
  }

  #openSpanOf(pending: PendingEvaluation, spans: readonly KnownSpan[]): KnownSpan | undefined {
    return this.#spanOf(
      pending,
      spans.filter(({ isOpen }) => isOpen),
    );
  }

  #sightingsOf(pending: PendingEvaluation, { calls, spans }: Judged): Sightings {
    const sightings = new Sightings();
    for (const call of [...calls, ...spans.map(callOfSpan)]) {
      if (call !== null) see(sightings, pending, call, this.#options);
    }
    return sightings;
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

const TRACE_ID_CHARS = 32;

/** Whether evaluations of both are added up in the same rows. */
function isSame(a: EvaluatedSeries | null, b: EvaluatedSeries | null): boolean {
  if (a === null || b === null) return a === b;
  return a.tenantId === b.tenantId && a.route === b.route && a.model === b.model;
}

function ownSeries({ event }: PendingEvaluation): EvaluatedSeries | null {
  const { tenant_id: tenantId, route, model } = event;
  return tenantId === undefined || route === undefined || model === undefined ? null : { tenantId, route, model };
}
