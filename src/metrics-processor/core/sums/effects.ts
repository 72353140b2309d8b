import type { KeptField } from '../../../events/event-table.ts';
import { KEPT_OF_REQUEST, type KeptOfRequest } from '../../../events/llm-request.ts';
import { KEPT_OF_RESPONSE, type KeptOfResponse } from '../../../events/llm-response.ts';
import { callKey } from '../../../metrics-store/apply-call.ts';
import type { Call, CallIdentity, CallWrite } from '../../../metrics-store/call.ts';
import type { Commit } from '../../../metrics-store/commit.ts';
import type { DeadLetter } from '../../../metrics-store/outbox.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import type { CallSender } from '../../../reports/call-senders.ts';
import type { MeterReport } from '../../../reports/meter-report.ts';
import { subtractTally, Tally, type TallySink } from '../../../tally/tally.ts';
import { subtractUsage, Usage } from '../../../tally/usage.ts';
import { MINUTE_MS, windowStartMs } from '../../../tally/window.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { ResponseFacts } from '../records/response-record.ts';
import type { ValueTexts } from '../records/value-texts.ts';
import type { CorrectionReason } from '../reports/correction-reason.ts';
import { AnsweredCall } from './answered-call.ts';
import { AuditDeltas } from './audit-deltas.ts';
import { addAnswer, addBill, addRequest } from './call-sums.ts';
import { DeltaSpace, Deltas, type WindowDelta } from './deltas.ts';
import { DimensionDeltas, type DimensionOptions, DimensionSpace } from './dimension-deltas.ts';
import { EvaluationDeltas } from './evaluation-deltas.ts';
import { SenderUse } from './sender-use.ts';

export interface CallDetails {
  readonly requestId: string;
  kept(): KeptOfRequest | null;
}

/** The request, as it would be pending, and the answer of a call that was resolved from reports. */
export interface ResolvedParts {
  readonly pending: PendingRequest;
  readonly details: CallDetails;
  readonly answer: ResponseFacts;
  /** Who told of it. */
  readonly senders: readonly CallSender[];
}

/** What a commit says of its partition. */
type Progressed =
  | 'partition'
  | 'expectedSeq'
  | 'token'
  | 'positions'
  | 'completeThroughMs'
  | 'committedAtMs'
  | 'checkpoint';

/** Written together, some of them cost what a row does; each takes some 400 bytes of memory until then. */
const DIMENSION_ROWS_PER_ROW = 4;

/** The memory in which effects are gathered: commits fill it in turn. */
export class EffectsSpace {
  readonly deltas = new DeltaSpace();
  readonly dimensions: DimensionSpace;

  constructor(texts: ValueTexts, dimensionCount: number) {
    this.dimensions = new DimensionSpace(texts, dimensionCount);
  }
}

/** What a commit will add, gathered since the last one. */
export class Effects {
  readonly deltas: Deltas;
  readonly dimensions: DimensionDeltas;
  readonly evaluations = new EvaluationDeltas();
  readonly audit = new AuditDeltas();
  readonly senderUse = new SenderUse();
  readonly deadLetters: DeadLetter[] = [];
  /** Of the values in them. */
  letterBytes = 0;
  /** Kept calls by the request's place, so that a call answered within the same commit is written once, whole. */
  readonly #calls = new Map<number, CallWrite>();
  /** What becomes of single calls that were resolved from reports, by their identity. */
  readonly #resolved = new Map<string, { readonly identity: CallIdentity; readonly call: Call | null }>();
  readonly corrections = new Map<CorrectionReason, number>();
  readonly #answered = new AnsweredCall();
  #isEmpty = true;

  constructor(dimensions: DimensionOptions, space: EffectsSpace) {
    this.deltas = new Deltas(space.deltas);
    this.dimensions = new DimensionDeltas(dimensions, space.dimensions);
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Rows that a commit writes one by one, and what it holds of dimensions, which is bounded with them. */
  get rowCount(): number {
    const rows = this.#calls.size + this.#resolved.size + this.senderUse.meterCount;
    return rows + Math.floor(this.dimensions.size / DIMENSION_ROWS_PER_ROW);
  }

  /** Any record taken, even one that changes no sum: its position has to be committed. */
  touch(): void {
    this.#isEmpty = false;
  }

  countRequest(pending: PendingRequest, details: CallDetails): void {
    addRequest(this.#deltaOf(pending).tally, pending);
    const ofValues = this.dimensions.of(pending);
    if (ofValues !== null) addRequest(ofValues, pending);
    if (pending.keptId !== null) this.#calls.set(pending.place, { kind: 'full', call: waitingCall(pending, details) });
  }

  countResponse(pending: PendingRequest, response: ResponseFacts, prices: PriceBook): void {
    const answered = this.#answered;
    answered.put(pending, response, prices);
    const delta = this.#deltaOf(pending);
    addAnswer(delta.tally, pending, answered);
    const ofValues = this.dimensions.of(pending);
    if (ofValues !== null) addAnswer(ofValues, pending, answered);
    addBill(delta.usage(answered), answered);
    if (pending.keptId !== null || answered.isFailure) this.#keepAnswer(pending, response, answered);
  }

  countUnanswered(pending: PendingRequest): void {
    this.#deltaOf(pending).tally.unanswered++;
    const ofValues = this.dimensions.of(pending);
    if (ofValues !== null) ofValues.unanswered++;
    this.touch();
    if (pending.keptId === null) return;
    const written = this.#calls.get(pending.place);
    const call = written?.call ?? callOfRequest(pending, pending.keptId);
    this.#calls.set(pending.place, { kind: written?.kind ?? 'answer', call: { ...call, status: 'unanswered' } });
  }

  /** A call that was resolved from reports. A failed one is always kept as a single call. */
  add({ pending, details, answer, senders }: ResolvedParts, prices: PriceBook, isKept: boolean): void {
    const answered = this.#answered;
    answered.put(pending, answer, prices);
    const sums = this.#deltaOf(pending);
    addResolved(sums.tally, pending, answered);
    const ofValues = this.dimensions.of(pending);
    if (ofValues !== null) addResolved(ofValues, pending, answered);
    addBill(sums.usage(answered), answered);
    this.senderUse.add(pending, answered, senders);
    const identity = identityOf(pending, details);
    const key = callKey(identity);
    const isWritten = isKept || answered.isFailure;
    // One that is not kept may have been; what is stored of it is not true any more.
    if (!isWritten && !this.#resolved.has(key)) return this.touch();
    const call = isWritten ? { ...completeCall(waitingCall(pending, details), answered), ...answer.kept() } : null;
    this.#resolved.set(key, { identity, call });
    this.touch();
  }

  /** What was added for it, at the same prices, is taken back, and the single call removed. */
  takeBack({ pending, details, answer, senders }: ResolvedParts, prices: PriceBook): void {
    this.#answered.put(pending, answer, prices);
    this.senderUse.takeBack(pending, this.#answered, senders);
    const [tally, usage] = [new Tally(), new Usage()];
    addResolved(tally, pending, this.#answered);
    addBill(usage, this.#answered);
    const sums = this.#deltaOf(pending);
    subtractTally(sums.tally, tally);
    subtractUsage(sums.usage(this.#answered), usage);
    const ofValues = this.dimensions.of(pending);
    if (ofValues !== null) subtractTally(ofValues, tally);
    const identity = identityOf(pending, details);
    this.#resolved.set(callKey(identity), { identity, call: null });
    this.touch();
  }

  /** A call that was counted before is counted otherwise now. */
  correct(tenantId: string, loggedAtMs: number, reason: CorrectionReason): void {
    this.audit.callCorrected(tenantId, loggedAtMs);
    this.corrections.set(reason, (this.corrections.get(reason) ?? 0) + 1);
  }

  addDeadLetter(letter: DeadLetter): void {
    this.deadLetters.push(letter);
    this.letterBytes += letter.value?.length ?? 0;
    this.touch();
  }

  /** What the metrics of a sender say that it used. */
  meter(tenantId: string, report: MeterReport, loggedAtMs: number): void {
    this.senderUse.meter(tenantId, report);
    this.audit.metered(tenantId, loggedAtMs, report.points.length);
    this.touch();
  }

  /** What the store adds; progress is the caller's. */
  toCommit(): Omit<Commit, Progressed> {
    const resolved = [...this.#resolved.values()];
    return {
      ...this.deltas.cut(),
      dimensions: this.dimensions.deltas(),
      calls: [
        ...this.#calls.values(),
        ...resolved.flatMap(({ call }) => (call === null ? [] : { kind: 'full' as const, call })),
      ],
      removedCalls: resolved.flatMap(({ identity, call }) => (call === null ? identity : [])),
      evaluations: this.evaluations.deltas(),
      deadLetters: this.deadLetters,
      audits: this.audit.deltas(),
      senderCalls: this.senderUse.calls(),
      meters: this.senderUse.meters(),
    };
  }

  #deltaOf(pending: PendingRequest): WindowDelta {
    return this.deltas.at(pending.series, windowStartMs(pending.timestampMs, MINUTE_MS));
  }

  #keepAnswer(pending: PendingRequest, response: ResponseFacts, answered: AnsweredCall): void {
    const written = this.#calls.get(pending.place);
    const base = written?.call ?? callOfRequest(pending, response.requestId);
    const call = { ...completeCall(base, answered), ...response.kept() };
    this.#calls.set(pending.place, { kind: written?.kind ?? 'answer', call });
  }
}

/** A maximum cannot be taken back; the histogram tells it as well as it must be known. */
function addResolved(tally: TallySink, pending: PendingRequest, answered: AnsweredCall): void {
  const { latencyUsMax } = tally;
  addRequest(tally, pending);
  addAnswer(tally, pending, answered);
  tally.latencyUsMax = latencyUsMax;
}

function identityOf({ series, timestampMs }: PendingRequest, { requestId }: CallDetails): CallIdentity {
  return { tenantId: series.tenantId, timestampMs, requestId };
}

const orNull = (count: number): number | null => (Number.isNaN(count) ? null : count);

const NOTHING_ASKED = nothingOf(KEPT_OF_REQUEST) as unknown as KeptOfRequest;
const NOTHING_ANSWERED = {
  ...(nothingOf(KEPT_OF_RESPONSE) as unknown as KeptOfResponse),
  latencyMs: null,
  timeToFirstTokenMs: null,
  completionTokens: null,
  reasoningTokens: null,
  error: null,
  answeredModel: null,
  errorKind: null,
  costPicoUsd: null,
  costSource: null,
  reportedCostPicoUsd: null,
  listCostPicoUsd: null,
  bill: null,
} as const;

function nothingOf(fields: readonly KeptField[]): object {
  return Object.fromEntries(fields.map(({ field }) => [field, null]));
}

function waitingCall(pending: PendingRequest, details: CallDetails): Call {
  return {
    ...callOfRequest(pending, details.requestId),
    ...details.kept(),
  };
}

/** A call as far as the join remembers its request, waiting for its answer. */
function callOfRequest(pending: PendingRequest, requestId: string): Call {
  const { tenantId, route, model, provider } = pending.series;
  return {
    requestId,
    tenantId,
    route,
    model,
    provider,
    timestampMs: pending.timestampMs,
    status: 'waiting',
    promptTokens: orNull(pending.promptTokens),
    cachedPromptTokens: orNull(pending.cachedPromptTokens),
    cacheWriteTokens: orNull(pending.cacheWriteTokens),
    ...(pending.details ?? NOTHING_ASKED),
    ...NOTHING_ANSWERED,
  };
}

/**
 * Without a reported cost it is the cost itself: making another `bigint` of it takes longer than all that is around it.
 */
function listCostOf({ price, reportedBy, listCost }: AnsweredCall, costPicoUsd: bigint | null): bigint | null {
  if (price === null) return null;
  return reportedBy === '' ? costPicoUsd : listCost.sum.value;
}

function completeCall(call: Call, answered: AnsweredCall): Call {
  const { costSource, reportedBy } = answered;
  const costPicoUsd = answered.isPriced ? answered.cost.value : null;
  return {
    ...call,
    status: answered.isFailure ? 'error' : 'completed',
    latencyMs: orNull(answered.latencyMs),
    timeToFirstTokenMs: orNull(answered.timeToFirstTokenMs),
    promptTokens: orNull(answered.promptTokens),
    cachedPromptTokens: orNull(answered.cachedPromptTokens),
    cacheWriteTokens: orNull(answered.reportedCacheWriteTokens),
    completionTokens: orNull(answered.completionTokens),
    reasoningTokens: orNull(answered.reasoningTokens),
    error: answered.error,
    answeredModel: answered.answeredModel,
    errorKind: answered.errorKind,
    costPicoUsd,
    costSource,
    reportedCostPicoUsd: reportedBy === '' ? null : costPicoUsd,
    listCostPicoUsd: listCostOf(answered, costPicoUsd),
    bill: answered.billText(),
  };
}
