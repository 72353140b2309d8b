import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import type { DeadLetterReason } from '../../../metrics-store/outbox.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import type { EvaluationSink } from '../join/evaluation-join.ts';
import type { JoinLosses } from '../join/join.ts';
import { laneOf, offsetOf } from '../join/lane.ts';
import type { EvaluationHalf } from '../join/waiting-evaluations.ts';
import type { RequestHalf } from '../join/waiting-requests.ts';
import type { ResponseHalf } from '../join/waiting-responses.ts';
import type { ResponseFacts } from '../records/response-record.ts';
import { type CallDetails, Effects } from './effects.ts';
import type { EvaluatedSeries } from './evaluation-deltas.ts';
import { type Fate, TENANT_UNKNOWN } from './ledger.ts';

/** Turns what happened to a record into effects: the sums, the dead letters and the ledger never disagree. */
export class Books implements JoinLosses, EvaluationSink {
  effects = new Effects();
  readonly #partitionOf: (lane: number) => number;

  constructor(partitionOf: (lane: number) => number) {
    this.#partitionOf = partitionOf;
  }

  /** Hands over what was gathered and begins anew. */
  take(): Effects {
    const { effects } = this;
    this.effects = new Effects();
    return effects;
  }

  requestCounted(half: RequestHalf, details: CallDetails): void {
    this.effects.countRequest(half, details);
    this.#accept(TOPICS.requests, half.series.tenantId, half.loggedAtMs, 'counted');
  }

  requestRepeated(half: RequestHalf): void {
    this.#accept(TOPICS.requests, half.series.tenantId, half.loggedAtMs, 'duplicate');
  }

  requestUnanswered(half: RequestHalf): void {
    this.effects.countUnanswered(half);
  }

  answered(request: RequestHalf, response: AnsweringResponse, prices: PriceBook): void {
    const { facts, loggedAtMs, hasWaited } = response;
    this.effects.countResponse(request, facts, prices);
    const { tenantId } = request.series;
    if (hasWaited) this.#settle(TOPICS.responses, tenantId, loggedAtMs, 'counted');
    else this.#accept(TOPICS.responses, tenantId, loggedAtMs, 'counted');
  }

  /** A response without a tenant so far: it waits, or it is a repetition. */
  responsePut(half: ResponseHalf, fate: 'waiting' | 'duplicate'): void {
    this.#accept(TOPICS.responses, TENANT_UNKNOWN, half.loggedAtMs, fate);
  }

  /** An orphan at once: it never waited. */
  responseRefused(half: ResponseHalf): void {
    this.#deadLetter(TOPICS.responses, half, 'no_request', NO_REQUEST);
    this.#accept(TOPICS.responses, TENANT_UNKNOWN, half.loggedAtMs, 'dead');
  }

  responseOrphaned(half: ResponseHalf, reason: 'no_request' | 'too_many_pending'): void {
    this.#deadLetter(TOPICS.responses, half, reason, reason === 'no_request' ? NO_REQUEST : TOO_MANY);
    this.#settle(TOPICS.responses, TENANT_UNKNOWN, half.loggedAtMs, 'dead');
  }

  evaluationPut(half: EvaluationHalf, fate: 'waiting' | 'duplicate'): void {
    this.#accept(TOPICS.evaluations, TENANT_UNKNOWN, half.loggedAtMs, fate);
  }

  evaluationCounted(series: EvaluatedSeries, half: EvaluationHalf, hasWaited: boolean): void {
    this.effects.evaluations.count(series, half.event);
    if (hasWaited) this.#settle(TOPICS.evaluations, series.tenantId, half.loggedAtMs, 'counted');
    else this.#accept(TOPICS.evaluations, series.tenantId, half.loggedAtMs, 'counted');
  }

  evaluationLost(half: EvaluationHalf): void {
    this.#deadLetter(TOPICS.evaluations, half, 'no_call', NO_CALL);
    this.#settle(TOPICS.evaluations, TENANT_UNKNOWN, half.loggedAtMs, 'dead');
  }

  recordRefused(topic: InputTopic, record: PlacedRecord, why: { reason: DeadLetterReason; detail: string }): void {
    this.#deadLetter(topic, record, why.reason, why.detail);
    this.#accept(topic, TENANT_UNKNOWN, record.loggedAtMs, 'dead');
  }

  #accept(topic: InputTopic, tenantId: string, loggedAtMs: number, fate: Fate): void {
    this.effects.ledger.accept(topic, tenantId, loggedAtMs, fate);
  }

  #settle(topic: InputTopic, tenantId: string, loggedAtMs: number, fate: Fate): void {
    this.effects.ledger.settle(topic, tenantId, loggedAtMs, fate);
  }

  #deadLetter(topic: InputTopic, record: PlacedRecord, reason: DeadLetterReason, detail: string): void {
    const { place, loggedAtMs, key, value } = record;
    const at = { topic, partition: this.#partitionOf(laneOf(place)), offset: offsetOf(place) };
    this.effects.addDeadLetter({ ...at, loggedAtMs, reason, detail, key, value });
  }
}

/** A response that meets its request. */
interface AnsweringResponse {
  readonly facts: ResponseFacts;
  readonly loggedAtMs: number;
  readonly hasWaited: boolean;
}

/** A record of the log, with its place in the topic of its shard. */
export interface PlacedRecord {
  readonly place: number;
  readonly loggedAtMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

const NO_REQUEST = 'No request with this request_id came within JOIN_TIMEOUT';
const TOO_MANY = 'Given up because more than MAX_PENDING requests and responses were waiting';
const NO_CALL = 'No call with this request_id is known; send tenant_id, route and model with the evaluation';
