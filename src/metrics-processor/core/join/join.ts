import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import { ValueTexts } from '../records/value-texts.ts';
import type { Fingerprint } from './fingerprint.ts';
import { IdTable } from './id-table.ts';
import type { KnownCall } from './known-call.ts';
import { laneOf } from './lane.ts';
import { LogTimes } from './log-times.ts';
import { NONE } from './record-pages.ts';
import { Sightings, see } from './sightings.ts';
import { type PendingRequest, WaitingRequests } from './waiting-requests.ts';
import { type PendingResponse, WaitingResponses } from './waiting-responses.ts';

export interface JoinOptions {
  /** The halves of a call join when their log times are at most this far apart. */
  readonly joinTimeoutMs: number;
  /** A record is a repetition when its id was seen on the same topic at most this long before. */
  readonly dedupHorizonMs: number;
  /** How far log times may fall back within a partition; 0 where the log keeps them in order. */
  readonly logTimeSlackMs: number;
  /** Pending requests and responses together. Beyond it the oldest is given up, so that memory is bounded. */
  readonly pendingMax: number;
  /**
   * What waiting responses, and likewise waiting evaluations, may take in memory. Beyond it the oldest are dead
   * letters. And what the dimensions of waiting requests may: beyond it the oldest are unanswered.
   */
  readonly pendingBytesMax: number;
}

/** Why a response stays alone. `foreign_tenant`: the calls of its id are another tenant's. */
export type OrphanReason = 'no_request' | 'foreign_tenant' | 'too_many_pending';

/** Hears of pending records that will never meet their counterpart. */
export interface JoinLosses {
  requestUnanswered(request: PendingRequest): void;
  responseOrphaned(response: PendingResponse, reason: OrphanReason): void;
}

/** A request's outcome, or the response that answers it. */
export type RequestOutcome = 'duplicate' | 'waiting' | PendingResponse;
/** A response's outcome, or the request that it answers, which is valid until the next record is folded. */
export type ResponseOutcome = 'duplicate' | 'waiting' | PendingRequest;

/**
 * Joins requests and responses of one partition, in any order, each once. An id belongs to its tenant: requests of two
 * tenants with one id are two calls, a response of a tenant answers that tenant's call, and one that names no tenant,
 * as all do where there are no API keys, answers the oldest open call of its id, whoever's it is.
 *
 * A request and a response may be a call if their tenants allow it and they lie at most the timeout apart. Each
 * request, in order of the log, gets the earliest response that it may have; each response the earliest request. There
 * is only one such assignment, and nothing here depends on how far one topic was read before the other: whichever
 * record is read second finds the first one waiting, and what it finds there no earlier one could have had. A record is
 * given up only when the *other* topic's log time has passed it by the timeout. So the outcome is a function of the two
 * topics alone, and a replay that interleaves them otherwise comes to the same calls.
 *
 * Repetitions are judged per topic and tenant by the time since the id was last seen there, repeated or not. That needs
 * no memory beyond the horizon: reading the log back that far restores exactly the same judgement.
 */
export class Join {
  readonly ids = new IdTable();
  readonly requests: WaitingRequests;
  readonly responses = new WaitingResponses();
  readonly times = new LogTimes();
  /** Whether something was given up that a replay from the last checkpoint would not give up by itself. */
  gaveUpBeyondReplay = false;
  /** False while a restart replays: nothing was given up for room there, or a later checkpoint would have said so. */
  isBounded = true;

  readonly #options: JoinOptions;
  readonly #losses: JoinLosses;

  /** @param texts of the values that calls have in dimensions */
  constructor(options: JoinOptions, losses: JoinLosses, texts = new ValueTexts()) {
    this.#options = options;
    this.#losses = losses;
    this.requests = new WaitingRequests(this.ids, texts);
  }

  request(id: Fingerprint, pending: PendingRequest): RequestOutcome {
    this.times.passRecord(TOPICS.requests, pending.loggedAtMs, laneOf(pending.place));
    const entry = this.ids.touchOf(id, pending.series.tenantId);
    const begins = this.seeRequest(entry, pending.loggedAtMs);
    if (begins) this.beginCall(entry, pending);
    const slot = this.responses.size === 0 ? NONE : this.#responseFor(id, pending, this.ids.lastCall(entry));
    if (!begins) return 'duplicate';
    if (slot !== NONE) return this.responses.take(slot);
    this.waitForResponse(entry, pending);
    this.#boundPending();
    return 'waiting';
  }

  response(id: Fingerprint, pending: PendingResponse): ResponseOutcome {
    this.times.passRecord(TOPICS.responses, pending.loggedAtMs, laneOf(pending.place));
    if (!this.seeResponse(id, pending)) return 'duplicate';
    const slot = this.#requestFor(id, pending);
    if (slot !== NONE) return this.#takeRequest(slot);
    const sightings = new Sightings();
    for (const call of this.callsOf(id)) see(sightings, pending, call, this.#options);
    this.waitForRequest(id, pending, sightings);
    this.#boundPending();
    return 'waiting';
  }

  /** The last call of an id is from now on the one that this request begins. */
  beginCall(entry: number, { series, loggedAtMs }: Pick<PendingRequest, 'series' | 'loggedAtMs'>): void {
    for (let slot = this.ids.firstRequest(entry); slot !== NONE; slot = this.requests.nextOfId(slot)) {
      this.requests.outlive(slot);
    }
    this.ids.beginCall(entry, series, loggedAtMs);
  }

  /**
   * Remembers that the id of an entry was seen on the requests topic. Answers whether that begins a call, or only
   * repeats one.
   */
  seeRequest(entry: number, loggedAtMs: number): boolean {
    const lastSeenMs = this.ids.requestSeenMs(entry);
    const isRepeated = loggedAtMs - lastSeenMs <= this.#options.dedupHorizonMs;
    if (!isRepeated) this.#keepEarlierCall(entry);
    if (loggedAtMs > lastSeenMs) this.ids.setRequestSeenMs(entry, loggedAtMs);
    return !isRepeated;
  }

  /** Likewise on the responses topic, where those that name no tenant are a sender of their own. */
  seeResponse(id: Fingerprint, { tenantId, loggedAtMs }: Pick<PendingResponse, 'tenantId' | 'loggedAtMs'>): boolean {
    const entry = tenantId === null ? this.ids.touchUnnamed(id) : this.ids.touchNamed(id, tenantId);
    const lastSeenMs = this.ids.responseSeenMs(entry);
    if (loggedAtMs > lastSeenMs) this.ids.setResponseSeenMs(entry, loggedAtMs);
    return loggedAtMs - lastSeenMs > this.#options.dedupHorizonMs;
  }

  waitForResponse(entry: number, pending: PendingRequest): void {
    const added = this.requests.add(entry, pending);
    let slot = this.ids.firstRequest(entry);
    if (slot === NONE) {
      this.ids.setFirstRequest(entry, added);
      return;
    }
    for (let next = slot; next !== NONE; next = this.requests.nextOfId(slot)) slot = next;
    this.requests.setNextOfId(slot, added);
  }

  waitForRequest(id: Fingerprint, pending: PendingResponse, sightings: Sightings): void {
    this.responses.add(id, pending, sightings);
  }

  /** The calls of an id, whoever's they are, in the order in which they were first seen. */
  callsOf(id: Fingerprint): readonly KnownCall[] {
    const first = this.ids.find(id);
    if (first === NONE) return [];
    const second = this.ids.nextOfId(first);
    if (second === NONE) return this.ids.callsOf(first);
    const calls = [...this.ids.callsOf(first)];
    for (let entry = second; entry !== NONE; entry = this.ids.nextOfId(entry)) calls.push(...this.ids.callsOf(entry));
    // The entry that was made last comes first.
    return calls.toReversed().toSorted((a, b) => a.firstSeenMs - b.firstSeenMs);
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
      const { pending, sightings } = this.responses.at(slot);
      if (pending.loggedAtMs >= requestsFromMs) break;
      if (pending.loggedAtMs >= replayMs[TOPICS.requests] - patienceMs) this.gaveUpBeyondReplay = true;
      this.#losses.responseOrphaned(this.responses.take(slot), sightings.areForeign ? 'foreign_tenant' : 'no_request');
    }
    this.ids.forgetWhile((entry) => this.#isForgettable(entry));
  }

  /**
   * The waiting response that a request gets, or NONE. All that wait for its id learn whose call there is: also when
   * the request only repeats itself, since its call is remembered for longer then.
   */
  #responseFor(id: Fingerprint, { series, loggedAtMs }: PendingRequest, call: KnownCall | undefined): number {
    let earliest = NONE;
    for (const slot of this.responses.ofId(id)) {
      const { pending, sightings } = this.responses.at(slot);
      if (call !== undefined) see(sightings, pending, call, this.#options);
      const isMine = pending.tenantId === null || pending.tenantId === series.tenantId;
      if (earliest === NONE && isMine && this.#isNear(loggedAtMs, pending.loggedAtMs)) earliest = slot;
    }
    return earliest;
  }

  /** The waiting request that a response gets, or NONE: the earliest of its tenant, or of all where it names none. */
  #requestFor(id: Fingerprint, { tenantId, loggedAtMs }: PendingResponse): number {
    let earliest = NONE;
    for (let entry = this.ids.find(id); entry !== NONE; entry = this.ids.nextOfId(entry)) {
      let slot = this.ids.firstRequest(entry);
      if (slot === NONE || (tenantId !== null && tenantId !== this.ids.tenantOf(entry))) continue;
      while (slot !== NONE && !this.#isNear(this.requests.loggedAtMs(slot), loggedAtMs)) {
        slot = this.requests.nextOfId(slot);
      }
      if (slot !== NONE && (earliest === NONE || this.#isEarlier(slot, earliest))) earliest = slot;
    }
    return earliest;
  }

  #isNear(requestMs: number, responseMs: number): boolean {
    return Math.abs(requestMs - responseMs) <= this.#options.joinTimeoutMs;
  }

  /** Of two waiting requests. Offsets order those of one lane. */
  #isEarlier(slot: number, other: number): boolean {
    const [place, otherPlace] = [this.requests.place(slot), this.requests.place(other)];
    const distanceMs = this.requests.loggedAtMs(slot) - this.requests.loggedAtMs(other);
    return laneOf(place) === laneOf(otherPlace) || distanceMs === 0 ? place < otherPlace : distanceMs < 0;
  }

  #isForgettable(entry: number): boolean {
    const { dedupHorizonMs, logTimeSlackMs } = this.#options;
    const memoryMs = dedupHorizonMs + logTimeSlackMs;
    const { readMs } = this.times;
    const requestSeenMs = this.ids.requestSeenMs(entry);
    return (
      this.ids.firstRequest(entry) === NONE &&
      requestSeenMs < readMs[TOPICS.requests] - memoryMs &&
      // An evaluation or a response that is still to be read may ask for the call.
      requestSeenMs < readMs[TOPICS.evaluations] - memoryMs &&
      requestSeenMs < readMs[TOPICS.responses] - memoryMs &&
      this.ids.responseSeenMs(entry) < readMs[TOPICS.responses] - memoryMs
    );
  }

  #keepEarlierCall(entry: number): void {
    const last = this.ids.lastCall(entry);
    if (last === undefined) return;
    const { dedupHorizonMs, logTimeSlackMs } = this.#options;
    const { readMs } = this.times;
    const askedFromMs =
      Math.min(readMs[TOPICS.evaluations], readMs[TOPICS.responses]) - dedupHorizonMs - logTimeSlackMs;
    const calls = [...(this.ids.earlierCalls.get(entry) ?? []), last];
    const asked = calls.filter((call) => call.lastSeenMs >= askedFromMs);
    if (asked.length > 0) this.ids.earlierCalls.set(entry, asked);
    else this.ids.earlierCalls.delete(entry);
  }

  /** Nearly always the first of its id; one that is too old for a response may still wait before it. */
  #takeRequest(slot: number): PendingRequest {
    const entry = this.requests.entry(slot);
    let before = this.ids.firstRequest(entry);
    if (before === slot) {
      this.ids.setFirstRequest(entry, this.requests.nextOfId(slot));
    } else {
      while (this.requests.nextOfId(before) !== slot) before = this.requests.nextOfId(before);
      this.requests.setNextOfId(before, this.requests.nextOfId(slot));
    }
    return this.requests.take(slot);
  }

  /**
   * At the bound the oldest request is given up as unanswered (its call stays counted, its response will be a dead
   * letter), or the oldest response as a dead letter, whichever kind there is more of.
   */
  #boundPending(): void {
    if (!this.isBounded) return;
    while (this.responses.bytes > this.#options.pendingBytesMax) this.#giveUpOldestResponse();
    while (this.requests.dimensionBytes > this.#options.pendingBytesMax) this.#giveUpOldestRequest();
    if (this.requests.size + this.responses.size <= this.#options.pendingMax) return;
    if (this.requests.size >= this.responses.size) this.#giveUpOldestRequest();
    else this.#giveUpOldestResponse();
  }

  #giveUpOldestRequest(): void {
    this.gaveUpBeyondReplay = true;
    this.#losses.requestUnanswered(this.#takeRequest(this.requests.arrivals.first));
  }

  #giveUpOldestResponse(): void {
    this.gaveUpBeyondReplay = true;
    this.#losses.responseOrphaned(this.responses.take(this.responses.arrivals.first), 'too_many_pending');
  }
}
