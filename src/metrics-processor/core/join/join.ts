import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import type { Fingerprint } from './fingerprint.ts';
import { IdTable, NONE } from './id-table.ts';
import { laneOf } from './lane.ts';
import { LogTimes } from './log-times.ts';
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

/** Or the response that answers it. */
export type RequestOutcome = 'duplicate' | 'waiting' | 'unanswered' | ResponseHalf;
/** Or the request that it answers, valid until the next record is folded. */
export type ResponseOutcome = 'duplicate' | 'waiting' | 'orphan' | RequestHalf;

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
  readonly ids = new IdTable();
  readonly requests = new WaitingRequests(this.ids);
  readonly responses = new WaitingResponses();
  readonly times = new LogTimes();
  /** Whether something was given up that a replay from the last checkpoint would not give up by itself. */
  gaveUpBeyondReplay = false;
  /** False while a restart replays: nothing was given up for room there, or a later checkpoint would have said so. */
  isBounded = true;

  readonly #options: JoinOptions;
  readonly #losses: JoinLosses;

  constructor(options: JoinOptions, losses: JoinLosses) {
    this.#options = options;
    this.#losses = losses;
  }

  request(id: Fingerprint, half: RequestHalf): RequestOutcome {
    this.times.passRecord(TOPICS.requests, half.loggedAtMs, laneOf(half.place));
    const entry = this.ids.touch(id);
    if (!this.seeRequest(entry, half.loggedAtMs)) return 'duplicate';
    this.beginCall(entry, half);
    for (let slot = this.ids.firstResponse(entry); slot !== NONE; ) {
      const distanceMs = this.responses.at(slot).half.loggedAtMs - half.loggedAtMs;
      if (distanceMs > this.#options.joinTimeoutMs) return 'unanswered';
      const response = this.#takeResponse(slot);
      if (distanceMs >= -this.#options.joinTimeoutMs) return response;
      this.#losses.responseOrphaned(response, 'no_request');
      slot = this.ids.firstResponse(entry);
    }
    this.waitForResponse(entry, half);
    this.#boundPending();
    return 'waiting';
  }

  response(id: Fingerprint, half: ResponseHalf): ResponseOutcome {
    this.times.passRecord(TOPICS.responses, half.loggedAtMs, laneOf(half.place));
    const entry = this.ids.touch(id);
    if (!this.seeResponse(entry, half.loggedAtMs)) return 'duplicate';
    for (let slot = this.ids.firstRequest(entry); slot !== NONE; ) {
      const distanceMs = this.requests.loggedAtMs(slot) - half.loggedAtMs;
      if (distanceMs > this.#options.joinTimeoutMs) return 'orphan';
      const request = this.#takeRequest(slot);
      if (distanceMs >= -this.#options.joinTimeoutMs) return request;
      this.#losses.requestUnanswered(request);
      slot = this.ids.firstRequest(entry);
    }
    this.waitForRequest(entry, half);
    this.#boundPending();
    return 'waiting';
  }

  /** The last call of an id is from now on the one that this request begins. */
  beginCall(entry: number, { series, loggedAtMs }: Pick<RequestHalf, 'series' | 'loggedAtMs'>): void {
    for (let slot = this.ids.firstRequest(entry); slot !== NONE; slot = this.requests.nextOfId(slot)) {
      this.requests.outlive(slot);
    }
    this.ids.beginCall(entry, series, loggedAtMs);
  }

  /** Remembers that the id of an entry was seen on the requests topic. Answers whether that begins a call, or only repeats one. */
  seeRequest(entry: number, loggedAtMs: number): boolean {
    const lastSeenMs = this.ids.requestSeenMs(entry);
    const isRepeated = loggedAtMs - lastSeenMs <= this.#options.dedupHorizonMs;
    if (!isRepeated) this.#keepEarlierCall(entry);
    if (loggedAtMs > lastSeenMs) this.ids.setRequestSeenMs(entry, loggedAtMs);
    return !isRepeated;
  }

  /** Likewise on the responses topic. */
  seeResponse(entry: number, loggedAtMs: number): boolean {
    const lastSeenMs = this.ids.responseSeenMs(entry);
    if (loggedAtMs > lastSeenMs) this.ids.setResponseSeenMs(entry, loggedAtMs);
    return loggedAtMs - lastSeenMs > this.#options.dedupHorizonMs;
  }

  waitForResponse(entry: number, half: RequestHalf): void {
    const added = this.requests.add(entry, half);
    let slot = this.ids.firstRequest(entry);
    if (slot === NONE) {
      this.ids.setFirstRequest(entry, added);
      return;
    }
    for (let next = slot; next !== NONE; next = this.requests.nextOfId(slot)) slot = next;
    this.requests.setNextOfId(slot, added);
  }

  waitForRequest(entry: number, half: ResponseHalf): void {
    const added = this.responses.add(entry, half, NONE);
    let slot = this.ids.firstResponse(entry);
    if (slot === NONE) {
      this.ids.setFirstResponse(entry, added);
      return;
    }
    while (this.responses.at(slot).nextOfId !== NONE) slot = this.responses.at(slot).nextOfId;
    this.responses.at(slot).nextOfId = added;
  }

  /** A topic is silent up to `throughMs`: everything appended later is stamped at or after it. */
  passSilence(topic: InputTopic, throughMs: number, lane: number): void {
    this.times.passSilence(topic, throughMs, lane);
    this.giveUpTimedOut();
  }

  /** Gives up what can no longer join, and forgets ids beyond the horizon. */
  giveUpTimedOut(): void {
    const { joinTimeoutMs, logTimeSlackMs } = this.#options;
    const patienceMs = joinTimeoutMs + logTimeSlackMs;
    const { readMs, replayMs } = this.times;
    const responsesFromMs = readMs[TOPICS.responses] - patienceMs;
    for (let slot = this.requests.arrivals.first; slot !== NONE; slot = this.requests.arrivals.first) {
      const loggedAtMs = this.requests.loggedAtMs(slot);
      if (loggedAtMs >= responsesFromMs) break;
      if (loggedAtMs >= replayMs[TOPICS.responses] - patienceMs) this.gaveUpBeyondReplay = true;
      this.#losses.requestUnanswered(this.#takeRequest(slot));
    }
    const requestsFromMs = readMs[TOPICS.requests] - patienceMs;
    for (let slot = this.responses.arrivals.first; slot !== NONE; slot = this.responses.arrivals.first) {
      const { loggedAtMs } = this.responses.at(slot).half;
      if (loggedAtMs >= requestsFromMs) break;
      if (loggedAtMs >= replayMs[TOPICS.requests] - patienceMs) this.gaveUpBeyondReplay = true;
      this.#losses.responseOrphaned(this.#takeResponse(slot), 'no_request');
    }
    this.ids.forgetWhile((entry) => this.#isForgettable(entry));
  }

  #isForgettable(entry: number): boolean {
    const { dedupHorizonMs, logTimeSlackMs } = this.#options;
    const memoryMs = dedupHorizonMs + logTimeSlackMs;
    const { readMs } = this.times;
    const requestSeenMs = this.ids.requestSeenMs(entry);
    return (
      !this.ids.hasWaiting(entry) &&
      requestSeenMs < readMs[TOPICS.requests] - memoryMs &&
      // An evaluation that is still to be read may ask for the call.
      requestSeenMs < readMs[TOPICS.evaluations] - memoryMs &&
      this.ids.responseSeenMs(entry) < readMs[TOPICS.responses] - memoryMs
    );
  }

  #keepEarlierCall(entry: number): void {
    const last = this.ids.lastCall(entry);
    if (last === undefined) return;
    const { dedupHorizonMs, logTimeSlackMs } = this.#options;
    const askedFromMs = this.times.readMs[TOPICS.evaluations] - dedupHorizonMs - logTimeSlackMs;
    const calls = [...(this.ids.earlierCalls.get(entry) ?? []), last];
    const asked = calls.filter((call) => call.lastSeenMs >= askedFromMs);
    if (asked.length > 0) this.ids.earlierCalls.set(entry, asked);
    else this.ids.earlierCalls.delete(entry);
  }

  /** The slot taken is always the first of its id: halves of one id wait, match and time out in log order. */
  #takeRequest(slot: number): RequestHalf {
    this.ids.setFirstRequest(this.requests.entry(slot), this.requests.nextOfId(slot));
    return this.requests.take(slot);
  }

  #takeResponse(slot: number): ResponseHalf {
    const waiting = this.responses.at(slot);
    this.ids.setFirstResponse(waiting.entry, waiting.nextOfId);
    return this.responses.take(slot);
  }

  /**
   * At the bound the oldest request is given up as unanswered (its call stays counted, its response will be a dead
   * letter), or the oldest response as a dead letter, whichever kind there is more of.
   */
  #boundPending(): void {
    if (!this.isBounded || this.requests.size + this.responses.size <= this.#options.pendingMax) return;
    this.gaveUpBeyondReplay = true;
    if (this.requests.size >= this.responses.size) {
      this.#losses.requestUnanswered(this.#takeRequest(this.requests.arrivals.first));
    } else {
      this.#losses.responseOrphaned(this.#takeResponse(this.responses.arrivals.first), 'too_many_pending');
    }
  }
}
