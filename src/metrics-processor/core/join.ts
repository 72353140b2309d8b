import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../events/topics.ts';
import type { Fingerprint } from './fingerprint.ts';
import { IdTable, NONE } from './id-table.ts';
import { type RequestHalf, WaitingRequests } from './waiting-requests.ts';
import { type ResponseHalf, WaitingResponses } from './waiting-responses.ts';

export interface JoinOptions {
  /** The halves of a call join when their log times are at most this far apart. */
  readonly joinTimeoutMs: number;
  /** A record is a repetition when its id was seen on the same topic at most this long before. */
  readonly dedupHorizonMs: number;
  /** How far log times may fall back within a partition; 0 where the log keeps them in order. */
  readonly logTimeSlackMs: number;
  /** Waiting halves, both kinds together. Beyond it the oldest is given up, so that memory is bounded. */
  readonly pendingMax: number;
}

/** Told about halves that will never meet their other half. */
export interface JoinLosses {
  requestUnanswered(request: RequestHalf): void;
  responseOrphaned(response: ResponseHalf, reason: 'no_request' | 'too_many_pending'): void;
}

export type RequestOutcome = 'duplicate' | 'waiting' | 'unanswered' | { readonly answeredBy: ResponseHalf };
export type ResponseOutcome = 'duplicate' | 'waiting' | 'orphan' | { readonly answers: RequestHalf };

/**
 * Joins requests and responses of one partition by id, in any order, each once.
 *
 * Per id the two topics are two queues in log order, and only their heads are compared:
 *
 *     |response - request| ≤ timeout   they are a call
 *     request older than that          it stays unanswered: every response still to come is later still
 *     response older than that         it is an orphan, likewise
 *
 * Nothing here depends on how far one topic was read before the other, since whichever head is read second finds the
 * first one waiting: it may be given up only when the other topic's log time has passed it by the timeout. So the outcome is a function
 * of the two topics alone, and a replay that interleaves them otherwise comes to the same calls.
 *
 * Repetitions are judged per topic by the time since the id was last seen there, repeated or not. That needs no
 * memory beyond the horizon: reading the log back that far restores exactly the same judgement.
 */
export class Join {
  readonly requests = new WaitingRequests();
  readonly responses = new WaitingResponses();
  readonly ids = new IdTable();
  /** The log time up to which each topic is read. */
  readonly timesMs: Record<InputTopic, number>;
  /** Whether something was given up that a replay from the last checkpoint would not give up by itself. */
  gaveUpBeyondReplay = false;

  readonly #options: JoinOptions;
  readonly #losses: JoinLosses;

  constructor(options: JoinOptions, losses: JoinLosses) {
    this.#options = options;
    this.#losses = losses;
    this.timesMs = Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, 0])) as Record<InputTopic, number>;
  }

  request(id: Fingerprint, half: RequestHalf): RequestOutcome {
    this.#passTime(TOPICS.requests, half.loggedAtMs);
    const entry = this.ids.touch(id);
    if (this.#isRepeated(this.ids.requestSeenMs, entry, half.loggedAtMs)) return 'duplicate';
    this.ids.series[entry] = half.series;
    for (let slot = this.ids.firstResponse[entry] as number; slot !== NONE; ) {
      const distanceMs = this.responses.at(slot).half.loggedAtMs - half.loggedAtMs;
      if (distanceMs > this.#options.joinTimeoutMs) return 'unanswered';
      const response = this.#takeResponse(slot);
      if (distanceMs >= -this.#options.joinTimeoutMs) return { answeredBy: response };
      this.#losses.responseOrphaned(response, 'no_request');
      slot = this.ids.firstResponse[entry] as number;
    }
    this.waitForResponse(entry, half);
    this.#boundPending();
    return 'waiting';
  }

  response(id: Fingerprint, half: ResponseHalf): ResponseOutcome {
    this.#passTime(TOPICS.responses, half.loggedAtMs);
    const entry = this.ids.touch(id);
    if (this.#isRepeated(this.ids.responseSeenMs, entry, half.loggedAtMs)) return 'duplicate';
    for (let slot = this.ids.firstRequest[entry] as number; slot !== NONE; ) {
      const distanceMs = (this.requests.loggedAtMs[slot] as number) - half.loggedAtMs;
      if (distanceMs > this.#options.joinTimeoutMs) return 'orphan';
      const request = this.#takeRequest(slot);
      if (distanceMs >= -this.#options.joinTimeoutMs) return { answers: request };
      this.#losses.requestUnanswered(request);
      slot = this.ids.firstRequest[entry] as number;
    }
    this.waitForRequest(entry, half);
    this.#boundPending();
    return 'waiting';
  }

  /** Remembers that an id was seen, without an outcome: how a restart reads the log back. Returns its entry. */
  see(topic: InputTopic, id: Fingerprint, loggedAtMs: number): number {
    const entry = this.ids.touch(id);
    const seenMs = topic === TOPICS.requests ? this.ids.requestSeenMs : this.ids.responseSeenMs;
    seenMs[entry] = Math.max(seenMs[entry] as number, loggedAtMs);
    return entry;
  }

  waitForResponse(entry: number, half: RequestHalf): void {
    const added = this.requests.add(entry, half);
    let slot = this.ids.firstRequest[entry] as number;
    if (slot === NONE) {
      this.ids.firstRequest[entry] = added;
      return;
    }
    while (this.requests.nextOfId[slot] !== NONE) slot = this.requests.nextOfId[slot] as number;
    this.requests.nextOfId[slot] = added;
  }

  waitForRequest(entry: number, half: ResponseHalf): void {
    const added = this.responses.add(entry, half, NONE);
    let slot = this.ids.firstResponse[entry] as number;
    if (slot === NONE) {
      this.ids.firstResponse[entry] = added;
      return;
    }
    while (this.responses.at(slot).nextOfId !== NONE) slot = this.responses.at(slot).nextOfId;
    this.responses.at(slot).nextOfId = added;
  }

  /** A topic is silent up to `throughMs`: everything appended later is stamped at or after it. */
  passSilence(topic: InputTopic, throughMs: number): void {
    const lostBefore = this.requests.size + this.responses.size;
    this.#passTime(topic, throughMs);
    this.giveUpTimedOut();
    if (this.requests.size + this.responses.size < lostBefore) this.gaveUpBeyondReplay = true;
  }

  /** Gives up what can no longer join, and forgets ids beyond the horizon. */
  giveUpTimedOut(): void {
    const { joinTimeoutMs, logTimeSlackMs } = this.#options;
    const patienceMs = joinTimeoutMs + logTimeSlackMs;
    const responsesFromMs = this.timesMs[TOPICS.responses] - patienceMs;
    for (let slot = this.requests.arrivals.first; slot !== NONE; slot = this.requests.arrivals.first) {
      if ((this.requests.loggedAtMs[slot] as number) >= responsesFromMs) break;
      this.#losses.requestUnanswered(this.#takeRequest(slot));
    }
    const requestsFromMs = this.timesMs[TOPICS.requests] - patienceMs;
    for (let slot = this.responses.arrivals.first; slot !== NONE; slot = this.responses.arrivals.first) {
      if (this.responses.at(slot).half.loggedAtMs >= requestsFromMs) break;
      this.#losses.responseOrphaned(this.#takeResponse(slot), 'no_request');
    }
    this.ids.forgetWhile((entry) => this.#isForgettable(entry));
  }

  #passTime(topic: InputTopic, toMs: number): void {
    if (toMs > this.timesMs[topic]) this.timesMs[topic] = toMs;
  }

  #isRepeated(seenMs: Float64Array, entry: number, loggedAtMs: number): boolean {
    const lastMs = seenMs[entry] as number;
    if (loggedAtMs > lastMs) seenMs[entry] = loggedAtMs;
    return loggedAtMs - lastMs <= this.#options.dedupHorizonMs;
  }

  #isForgettable(entry: number): boolean {
    const { dedupHorizonMs, logTimeSlackMs } = this.#options;
    const memoryMs = dedupHorizonMs + logTimeSlackMs;
    return (
      this.ids.firstRequest[entry] === NONE &&
      this.ids.firstResponse[entry] === NONE &&
      (this.ids.requestSeenMs[entry] as number) < this.timesMs[TOPICS.requests] - memoryMs &&
      (this.ids.responseSeenMs[entry] as number) < this.timesMs[TOPICS.responses] - memoryMs
    );
  }

  /** The slot taken is always the first of its id: halves of one id wait, match and time out in log order. */
  #takeRequest(slot: number): RequestHalf {
    this.ids.firstRequest[this.requests.entry[slot] as number] = this.requests.nextOfId[slot] as number;
    return this.requests.take(slot);
  }

  #takeResponse(slot: number): ResponseHalf {
    const waiting = this.responses.at(slot);
    this.ids.firstResponse[waiting.entry] = waiting.nextOfId;
    return this.responses.take(slot);
  }

  /**
   * At the bound the oldest request is given up as unanswered (its call stays counted, its response will be a dead
   * letter), or the oldest response as a dead letter, whichever kind there is more of.
   */
  #boundPending(): void {
    if (this.requests.size + this.responses.size <= this.#options.pendingMax) return;
    this.gaveUpBeyondReplay = true;
    if (this.requests.size >= this.responses.size) {
      this.#losses.requestUnanswered(this.#takeRequest(this.requests.arrivals.first));
    } else {
      this.#losses.responseOrphaned(this.#takeResponse(this.responses.arrivals.first), 'too_many_pending');
    }
  }
}
