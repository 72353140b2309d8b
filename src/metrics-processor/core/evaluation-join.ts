import type { Series } from '../../tally/series.ts';
import type { EvaluatedSeries } from './evaluation-deltas.ts';
import { Fingerprint } from './fingerprint.ts';
import { IdTable, NONE } from './id-table.ts';
import { type EvaluationHalf, WaitingEvaluations } from './waiting-evaluations.ts';

export interface EvaluationSink {
  evaluationCounted(series: EvaluatedSeries, half: EvaluationHalf, hasWaited: boolean): void;
  evaluationLost(half: EvaluationHalf): void;
}

export interface EvaluationJoinOptions {
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
  readonly logTimeSlackMs: number;
  readonly pendingMax: number;
  readonly fingerprintSeed: number;
}

/** The call that an evaluation names, as far as the join knows it. */
export interface KnownCall {
  readonly series: Series;
  readonly requestSeenMs: number;
}

/**
 * Finds out what an evaluation is about. One that names tenant, route and model needs nobody; others take them from
 * their call, which the join remembers for the dedup horizon, or wait for it as long as a response would.
 */
export class EvaluationJoin {
  readonly waiting = new WaitingEvaluations();
  gaveUpBeyondReplay = false;
  readonly #options: EvaluationJoinOptions;
  readonly #sink: EvaluationSink;
  readonly #seen = new IdTable(64);
  readonly #fingerprint: Fingerprint;

  constructor(options: EvaluationJoinOptions, sink: EvaluationSink) {
    this.#options = options;
    this.#sink = sink;
    this.#fingerprint = new Fingerprint(options.fingerprintSeed);
  }

  fold(half: EvaluationHalf, call: KnownCall | null): 'duplicate' | 'waiting' | 'counted' {
    if (this.#isRepeated(half)) return 'duplicate';
    const own = ownSeries(half);
    if (own !== null || (call !== null && this.#belongs(half, call.requestSeenMs))) {
      this.#sink.evaluationCounted(own ?? (call as KnownCall).series, half, false);
      return 'counted';
    }
    this.waiting.add(half);
    if (this.waiting.size > this.#options.pendingMax) {
      this.gaveUpBeyondReplay = true;
      this.#sink.evaluationLost(this.waiting.take(this.waiting.arrivals.first));
    }
    return 'waiting';
  }

  requestSeen(requestId: string, call: KnownCall): void {
    for (const half of this.waiting.takeOf(requestId)) {
      if (this.#belongs(half, call.requestSeenMs)) this.#sink.evaluationCounted(call.series, half, true);
      else this.#sink.evaluationLost(half);
    }
  }

  giveUpTimedOut(requestsTimeMs: number, evaluationsTimeMs: number): void {
    const { joinTimeoutMs, dedupHorizonMs, logTimeSlackMs } = this.#options;
    const fromMs = requestsTimeMs - joinTimeoutMs - logTimeSlackMs;
    for (let slot = this.waiting.arrivals.first; slot !== NONE; slot = this.waiting.arrivals.first) {
      if (this.waiting.at(slot).loggedAtMs >= fromMs) break;
      this.#sink.evaluationLost(this.waiting.take(slot));
    }
    const seenFromMs = evaluationsTimeMs - dedupHorizonMs - logTimeSlackMs;
    this.#seen.forgetWhile((entry) => (this.#seen.requestSeenMs[entry] as number) < seenFromMs);
  }

  /** Read back from the log: its id was seen, and it may still be waiting. */
  recall(half: EvaluationHalf, isWaiting: boolean): void {
    this.#isRepeated(half);
    if (isWaiting) this.waiting.add(half);
  }

  #belongs(half: EvaluationHalf, requestSeenMs: number): boolean {
    const { joinTimeoutMs, dedupHorizonMs } = this.#options;
    return half.loggedAtMs - requestSeenMs <= dedupHorizonMs && requestSeenMs - half.loggedAtMs <= joinTimeoutMs;
  }

  /** An evaluation is itself again when call, name and evaluator are the same. */
  #isRepeated({ event, loggedAtMs }: EvaluationHalf): boolean {
    const identity = `${event.request_id}\0${event.name}\0${event.evaluator ?? ''}`;
    const entry = this.#seen.touch(this.#fingerprint.of(Buffer.from(identity)));
    const lastMs = this.#seen.requestSeenMs[entry] as number;
    if (loggedAtMs > lastMs) this.#seen.requestSeenMs[entry] = loggedAtMs;
    return loggedAtMs - lastMs <= this.#options.dedupHorizonMs;
  }
}

function ownSeries({ event }: EvaluationHalf): EvaluatedSeries | null {
  const { tenant_id: tenantId, route, model } = event;
  return tenantId === undefined || route === undefined || model === undefined ? null : { tenantId, route, model };
}
