import { EVENT_BYTES_MAX } from '../../../events/fields.ts';
import { type InputTopic, TOPICS } from '../../../events/topics.ts';
import type { DeadLetterReason } from '../../../metrics-store/outbox.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import type { EvaluationSink } from '../join/evaluation-join.ts';
import type { JoinLosses, OrphanReason } from '../join/join.ts';
import { laneOf, offsetOf } from '../join/lane.ts';
import type { PendingEvaluation } from '../join/waiting-evaluations.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { PendingResponse } from '../join/waiting-responses.ts';
import type { ResponseFacts } from '../records/response-record.ts';
import { ValueTexts } from '../records/value-texts.ts';
import { type AuditOutcome, TENANT_UNKNOWN } from './audit-deltas.ts';
import type { DimensionOptions } from './dimension-deltas.ts';
import { type CallDetails, Effects, EffectsSpace } from './effects.ts';
import type { EvaluatedSeries } from './evaluation-deltas.ts';

/** Turns what happened to a record into effects: the sums, the dead letters and the audit never disagree. */
export class RecordOutcomes implements JoinLosses, EvaluationSink {
  effects: Effects;
  /** Of the values that calls have in dimensions. */
  readonly texts: ValueTexts;
  readonly #partitionOf: (lane: number) => number;
  readonly #dimensions: DimensionOptions;
  /** Of the effects that are gathered, and of those that were taken, which become a commit before others are. */
  #space: EffectsSpace;
  #spaceTaken: EffectsSpace;

  constructor(partitionOf: (lane: number) => number, dimensions: DimensionOptions) {
    this.#partitionOf = partitionOf;
    this.#dimensions = dimensions;
    this.texts = new ValueTexts(dimensions.textsMin);
    this.#space = new EffectsSpace(this.texts, dimensions.names.length);
    this.#spaceTaken = new EffectsSpace(this.texts, dimensions.names.length);
    this.effects = new Effects(dimensions, this.#space);
  }

  /** Hands over what was gathered and begins anew. */
  take(): Effects {
    const { effects } = this;
    [this.#space, this.#spaceTaken] = [this.#spaceTaken, this.#space];
    this.effects = new Effects(this.#dimensions, this.#space);
    return effects;
  }

  requestCounted(pending: PendingRequest, details: CallDetails): void {
    this.effects.countRequest(pending, details);
    this.effects.audit.accept(TOPICS.requests, pending.series.tenantId, pending.loggedAtMs, 'counted');
  }

  requestRepeated(pending: PendingRequest): void {
    this.effects.audit.accept(TOPICS.requests, pending.series.tenantId, pending.loggedAtMs, 'duplicate');
  }

  requestUnanswered(pending: PendingRequest): void {
    this.effects.countUnanswered(pending);
  }

  answered(request: PendingRequest, response: AnsweringResponse, prices: PriceBook): void {
    this.effects.countResponse(request, response.facts, prices);
    this.#count(TOPICS.responses, response, request.series.tenantId);
  }

  /** A response whose call is not known, or not any more: it waits, or it is a repetition. */
  responsePut(pending: PendingResponse, outcome: 'waiting' | 'duplicate'): void {
    this.#accept(TOPICS.responses, pending, outcome);
  }

  responseOrphaned(pending: PendingResponse, reason: OrphanReason): void {
    this.#deadLetter(TOPICS.responses, pending, reason, ORPHAN_DETAILS[reason]);
    this.#die(TOPICS.responses, pending, reason);
  }

  evaluationPut(pending: PendingEvaluation, outcome: 'waiting' | 'duplicate'): void {
    this.#accept(TOPICS.evaluations, pending, outcome);
  }

  evaluationCounted(series: EvaluatedSeries, pending: PendingEvaluation, hasWaited: boolean): void {
    this.effects.evaluations.count(series, pending.event);
    this.#count(TOPICS.evaluations, { ...pending, hasWaited }, series.tenantId);
  }

  evaluationTakenBack(series: EvaluatedSeries, pending: PendingEvaluation): void {
    this.effects.evaluations.takeBack(series, pending.event);
    this.effects.audit.uncount(TOPICS.evaluations, series.tenantId, pending.loggedAtMs);
    this.#accept(TOPICS.evaluations, pending, 'waiting');
  }

  evaluationLost(pending: PendingEvaluation, reason: 'no_call' | 'foreign_tenant' | 'too_many_pending'): void {
    this.#deadLetter(TOPICS.evaluations, pending, reason, reason === 'no_call' ? NO_CALL : ORPHAN_DETAILS[reason]);
    this.#die(TOPICS.evaluations, pending, reason);
  }

  recordRefused(topic: InputTopic, record: PlacedRecord, why: { reason: DeadLetterReason; detail: string }): void {
    const bytes = record.value?.length ?? 0;
    // Only producers that write to the topics themselves can send such a thing.
    const isTooLarge = bytes > EVENT_BYTES_MAX;
    const detail = isTooLarge ? `${why.detail}. Its ${bytes} bytes are not kept here, the log has them` : why.detail;
    this.#deadLetter(topic, isTooLarge ? { ...record, value: null } : record, why.reason, detail);
    this.#accept(topic, record, 'dead');
    if (why.reason === 'foreign_tenant') this.effects.audit.foreign(topic, record.tenantId ?? '', record.loggedAtMs);
  }

  #accept(topic: InputTopic, { tenantId, loggedAtMs }: Audited, outcome: AuditOutcome): void {
    this.effects.audit.accept(topic, tenantId ?? TENANT_UNKNOWN, loggedAtMs, outcome);
  }

  /** It is the tenant's whose call it is about. */
  #count(topic: InputTopic, record: Audited & { readonly hasWaited: boolean }, tenantId: string): void {
    const { audit } = this.effects;
    if (record.hasWaited) audit.unwait(topic, record.tenantId ?? TENANT_UNKNOWN, record.loggedAtMs);
    audit.accept(topic, tenantId, record.loggedAtMs, 'counted');
  }

  /** What has waited is given up. */
  #die(topic: InputTopic, record: Audited, reason: DeadLetterReason): void {
    const tenantId = record.tenantId ?? TENANT_UNKNOWN;
    this.effects.audit.unwait(topic, tenantId, record.loggedAtMs);
    this.effects.audit.accept(topic, tenantId, record.loggedAtMs, 'dead');
    if (reason === 'foreign_tenant') this.effects.audit.foreign(topic, tenantId, record.loggedAtMs);
  }

  #deadLetter(topic: InputTopic, record: PlacedRecord, reason: DeadLetterReason, detail: string): void {
    const { place, loggedAtMs, tenantId, key, value } = record;
    const at = { topic, partition: this.#partitionOf(laneOf(place)), offset: offsetOf(place) };
    this.effects.addDeadLetter({ ...at, loggedAtMs, reason, detail, tenantId, key, value });
  }
}

/** A response that meets its request. */
interface AnsweringResponse extends Audited {
  readonly facts: ResponseFacts;
  readonly hasWaited: boolean;
}

/** A record of the log, with its place in the topic of its shard. */
export interface PlacedRecord extends Audited {
  readonly place: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** What the audit needs to know of a record. */
interface Audited {
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
