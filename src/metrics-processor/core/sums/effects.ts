import type { Call, CallWrite } from '../../../metrics-store/call.ts';
import type { Commit } from '../../../metrics-store/commit.ts';
import type { DeadLetter } from '../../../metrics-store/outbox.ts';
import type { PriceBook } from '../../../prices/price-book.ts';
import type { Usage } from '../../../tally/usage.ts';
import { MINUTE_MS, windowStartMs } from '../../../tally/window.ts';
import type { RequestDetails, RequestHalf } from '../join/waiting-requests.ts';
import type { ResponseFacts } from '../records/response-record.ts';
import { AnsweredCall } from './answered-call.ts';
import { Deltas, type WindowDelta } from './deltas.ts';
import { EvaluationDeltas } from './evaluation-deltas.ts';
import { Ledger } from './ledger.ts';

export interface CallDetails extends RequestDetails {
  readonly requestId: string;
}

/** What a commit will add, gathered since the last one. */
export class Effects {
  readonly deltas = new Deltas();
  readonly evaluations = new EvaluationDeltas();
  readonly ledger = new Ledger();
  readonly deadLetters: DeadLetter[] = [];
  /** Kept calls by the request's place, so that a call answered within the same commit is written once, whole. */
  readonly #calls = new Map<number, CallWrite>();
  readonly #answered = new AnsweredCall();
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  get callCount(): number {
    return this.#calls.size;
  }

  /** Any record taken, even one that changes no sum: its position has to be committed. */
  touch(): void {
    this.#isEmpty = false;
  }

  countRequest(half: RequestHalf, details: CallDetails): void {
    const { tally } = this.#deltaOf(half);
    tally.requests++;
    if (!Number.isNaN(half.promptTokens)) {
      tally.promptTokens += half.promptTokens;
      tally.promptTokensKnown++;
    }
    tally.cachedPromptTokens += known(half.cachedPromptTokens);
    tally.cacheWriteTokens += known(half.cacheWriteTokens);
    if (half.keptId !== null) this.#calls.set(half.place, { kind: 'full', call: waitingCall(half, details) });
  }

  countResponse(half: RequestHalf, response: ResponseFacts, prices: PriceBook): void {
    const answered = this.#answered;
    answered.put(half, response, prices);
    const delta = this.#deltaOf(half);
    const { tally } = delta;
    tally.completed++;
    if (answered.error !== null) tally.errors++;
    const latencyUs = Math.round(answered.latencyMs * 1000);
    tally.latencyUsSum += latencyUs;
    tally.latencyUsMax = Math.max(tally.latencyUsMax, latencyUs);
    tally.latency.record(answered.latencyMs);
    if (!Number.isNaN(answered.timeToFirstTokenMs)) tally.timeToFirstToken.record(answered.timeToFirstTokenMs);
    tally.promptTokens += known(answered.promptTokens) - known(half.promptTokens);
    tally.promptTokensKnown += knownCount(answered.promptTokens) - knownCount(half.promptTokens);
    tally.cachedPromptTokens += known(answered.cachedPromptTokens) - known(half.cachedPromptTokens);
    tally.cacheWriteTokens += known(answered.reportedCacheWriteTokens) - known(half.cacheWriteTokens);
    tally.completionTokens += known(answered.completionTokens);
    tally.completionTokensKnown += knownCount(answered.completionTokens);
    tally.reasoningTokens += known(answered.reasoningTokens);
    tally.costPicoUsd.add(answered.cost);
    if (!answered.isPriced) tally.unpricedRequests++;
    bill(delta.usage(answered), answered);
    if (half.keptId !== null || answered.error !== null) this.#keepAnswer(half, response.requestId, answered);
  }

  countUnanswered(half: RequestHalf): void {
    this.#deltaOf(half).tally.unanswered++;
    this.touch();
    if (half.keptId === null) return;
    const written = this.#calls.get(half.place);
    const call = written?.call ?? answeredOnlyCall(half, half.keptId);
    this.#calls.set(half.place, { kind: written?.kind ?? 'answer', call: { ...call, status: 'unanswered' } });
  }

  addDeadLetter(letter: DeadLetter): void {
    this.deadLetters.push(letter);
    this.touch();
  }

  /** What the store adds; progress is the caller's. */
  toCommit(): Pick<Commit, 'tallies' | 'usages' | 'calls' | 'evaluations' | 'deadLetters' | 'audits'> {
    return {
      tallies: this.deltas.tallies(),
      usages: this.deltas.usages(),
      calls: [...this.#calls.values()],
      evaluations: this.evaluations.deltas(),
      deadLetters: this.deadLetters,
      audits: this.ledger.deltas(),
    };
  }

  #deltaOf(half: RequestHalf): WindowDelta {
    return this.deltas.at(half.series, windowStartMs(half.timestampMs, MINUTE_MS));
  }

  #keepAnswer(half: RequestHalf, requestId: string, answered: AnsweredCall): void {
    const written = this.#calls.get(half.place);
    const base = written?.call ?? answeredOnlyCall(half, requestId);
    this.#calls.set(half.place, { kind: written?.kind ?? 'answer', call: completeCall(base, answered) });
  }
}

function bill(usage: Usage, answered: AnsweredCall): void {
  usage.calls++;
  if (!answered.isPriced) usage.unpricedCalls++;
  if (!answered.isCountKnown) {
    usage.unknownCalls++;
    return;
  }
  // Usage times rates must stay the cost, or pricing again would bill what was free.
  if (answered.isFree) return;
  usage.inputTokens += answered.inputTokens;
  usage.cacheReadTokens += answered.cacheReadTokens;
  usage.cacheWriteTokens += answered.cacheWriteTokens;
  usage.outputTokens += answered.outputTokens;
  usage.inputAudioTokens += answered.inputAudioTokens;
  usage.outputAudioTokens += answered.outputAudioTokens;
  usage.costPicoUsd.add(answered.cost);
}

const known = (count: number): number => (Number.isNaN(count) ? 0 : count);
const knownCount = (count: number): number => (Number.isNaN(count) ? 0 : 1);
const orNull = (count: number): number | null => (Number.isNaN(count) ? null : count);

const NOTHING_ANSWERED = {
  latencyMs: null,
  timeToFirstTokenMs: null,
  completionTokens: null,
  reasoningTokens: null,
  finishReason: null,
  error: null,
  answeredModel: null,
  costPicoUsd: null,
} as const;

function waitingCall(half: RequestHalf, details: CallDetails): Call {
  return {
    ...answeredOnlyCall(half, details.requestId),
    userIdHash: details.userIdHash,
    sessionId: details.sessionId,
    metadata: details.metadata,
  };
}

/** The request's half as far as the join remembers it. */
function answeredOnlyCall(half: RequestHalf, requestId: string): Call {
  const { tenantId, route, model, provider } = half.series;
  return {
    requestId,
    tenantId,
    route,
    model,
    provider,
    timestampMs: half.timestampMs,
    status: 'waiting',
    promptTokens: orNull(half.promptTokens),
    cachedPromptTokens: orNull(half.cachedPromptTokens),
    cacheWriteTokens: orNull(half.cacheWriteTokens),
    userIdHash: half.details?.userIdHash ?? null,
    sessionId: half.details?.sessionId ?? null,
    metadata: half.details?.metadata ?? null,
    ...NOTHING_ANSWERED,
  };
}

function completeCall(call: Call, answered: AnsweredCall): Call {
  return {
    ...call,
    status: answered.error === null ? 'completed' : 'error',
    latencyMs: answered.latencyMs,
    timeToFirstTokenMs: orNull(answered.timeToFirstTokenMs),
    promptTokens: orNull(answered.promptTokens),
    cachedPromptTokens: orNull(answered.cachedPromptTokens),
    cacheWriteTokens: orNull(answered.reportedCacheWriteTokens),
    completionTokens: orNull(answered.completionTokens),
    reasoningTokens: orNull(answered.reasoningTokens),
    finishReason: answered.finishReason,
    error: answered.error,
    answeredModel: answered.answeredModel,
    costPicoUsd: answered.isPriced ? answered.cost.value : null,
  };
}
