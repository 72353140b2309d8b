import { EVENT_BYTES_MAX } from '../../../events/fields.ts';
import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import type { DeadLetterReason } from '../../../metrics-store/outbox.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import type { EvaluationSink } from '../join/evaluation-join.ts';
import type { JoinLosses, OrphanReason } from '../join/join.ts';
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
    this.effects.ledger.accept(TOPICS.requests, half.series.tenantId, half.loggedAtMs, 'counted');
  }

  requestRepeated(half: RequestHalf): void {
    this.effects.ledger.accept(TOPICS.requests, half.series.tenantId, half.loggedAtMs, 'duplicate');
  }

  requestUnanswered(half: RequestHalf): void {
    this.effects.countUnanswered(half);
  }

  answered(request: RequestHalf, response: AnsweringResponse, prices: PriceBook): void {
    this.effects.countResponse(request, response.facts, prices);
    this.#count(TOPICS.responses, response, request.series.tenantId);
  }

  /** A response whose call is not known, or not any more: it waits, or it is a repetition. */
  responsePut(half: ResponseHalf, fate: 'waiting' | 'duplicate'): void {
    this.#accept(TOPICS.responses, half, fate);
  }

  responseOrphaned(half: ResponseHalf, reason: OrphanReason): void {
    this.#deadLetter(TOPICS.responses, half, reason, ORPHAN_DETAILS[reason]);
    this.#die(TOPICS.responses, half, reason);
  }

  evaluationPut(half: EvaluationHalf, fate: 'waiting' | 'duplicate'): void {
    this.#accept(TOPICS.evaluations, half, fate);
  }

  evaluationCounted(series: EvaluatedSeries, half: EvaluationHalf, hasWaited: boolean): void {
    this.effects.evaluations.count(series, half.event);
    this.#count(TOPICS.evaluations, { ...half, hasWaited }, series.tenantId);
  }

  evaluationLost(half: EvaluationHalf, reason: 'no_call' | 'foreign_tenant' | 'too_many_pending'): void {
    this.#deadLetter(TOPICS.evaluations, half, reason, reason === 'no_call' ? NO_CALL : ORPHAN_DETAILS[reason]);
    this.#die(TOPICS.evaluations, half, reason);
  }

  recordRefused(topic: InputTopic, record: PlacedRecord, why: { reason: DeadLetterReason; detail: string }): void {
    const bytes = record.value?.length ?? 0;
    // Only producers that write to the topics themselves can send such a thing.
    const isTooLarge = bytes > EVENT_BYTES_MAX;
    const detail = isTooLarge ? `${why.detail}. Its ${bytes} bytes are not kept here, the log has them` : why.detail;
    this.#deadLetter(topic, isTooLarge ? { ...record, value: null } : record, why.reason, detail);
    this.#accept(topic, record, 'dead');
    if (why.reason === 'foreign_tenant') this.effects.ledger.foreign(topic, record.tenantId ?? '', record.loggedAtMs);
  }

  #accept(topic: InputTopic, { tenantId, loggedAtMs }: Booked, fate: Fate): void {
    this.effects.ledger.accept(topic, tenantId ?? TENANT_UNKNOWN, loggedAtMs, fate);
  }

  /** It is the tenant's whose call it is about. */
  #count(topic: InputTopic, record: Booked & { readonly hasWaited: boolean }, tenantId: string): void {
    const { ledger } = this.effects;
    if (record.hasWaited) ledger.unwait(topic, record.tenantId ?? TENANT_UNKNOWN, record.loggedAtMs);
    ledger.accept(topic, tenantId, record.loggedAtMs, 'counted');
  }

  /** What has waited is given up. */
  #die(topic: InputTopic, record: Booked, reason: DeadLetterReason): void {
    const tenantId = record.tenantId ?? TENANT_UNKNOWN;
    this.effects.ledger.unwait(topic, tenantId, record.loggedAtMs);
    this.effects.ledger.accept(topic, tenantId, record.loggedAtMs, 'dead');
    if (reason === 'foreign_tenant') this.effects.ledger.foreign(topic, tenantId, record.loggedAtMs);
  }

  #deadLetter(topic: InputTopic, record: PlacedRecord, reason: DeadLetterReason, detail: string): void {
    const { place, loggedAtMs, tenantId, key, value } = record;
    const at = { topic, partition: this.#partitionOf(laneOf(place)), offset: offsetOf(place) };
    this.effects.addDeadLetter({ ...at, loggedAtMs, reason, detail, tenantId, key, value });
  }
}

/** A response that meets its request. */
interface AnsweringResponse extends Booked {
  readonly facts: ResponseFacts;
  readonly hasWaited: boolean;
}

/** A record of the log, with its place in the topic of its shard. */
export interface PlacedRecord extends Booked {
  readonly place: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** What the books need to know of a record. */
interface Booked {
  readonly loggedAtMs: number;
  /** Whose it is, by its sender's key or its own word; null where neither says. */
  readonly tenantId: string | null;
}

const ORPHAN_DETAILS: Readonly<Record<OrphanReason, string>> = {
  no_request: 'No request with this request_id came within JOIN_TIMEOUT',
  foreign_tenant: 'The call with this request_id is of another tenant than this is',
  too_many_pending: 'Given up because more were waiting than MAX_PENDING or MAX_PENDING_BYTES allow',
};
const NO_CALL = 'No call with this request_id is known; send tenant_id, route and model with the evaluation';
