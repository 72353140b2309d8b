import { ERROR_SUMS } from '../../../metrics-store/errors-by-kind.ts';
import type { TallySink } from '../../../tally/tally.ts';
import type { UsageSink } from '../../../tally/usage.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { AnsweredCall } from './answered-call.ts';

/**
 * What a call adds to its window. All of it can be taken back (`subtractTally`, `subtractUsage`) but for the largest
 * latency.
 */

export function addRequest(tally: TallySink, pending: PendingRequest): void {
  tally.requests++;
  if (!Number.isNaN(pending.promptTokens)) {
    tally.promptTokens += pending.promptTokens;
    tally.promptTokensKnown++;
  }
  tally.cachedPromptTokens += known(pending.cachedPromptTokens);
  tally.cacheWriteTokens += known(pending.cacheWriteTokens);
}

/** What the answer adds to what its request did already. */
export function addAnswer(tally: TallySink, pending: PendingRequest, answered: AnsweredCall): void {
  tally.completed++;
  countEnd(tally, answered);
  if (!Number.isNaN(answered.latencyMs)) {
    const latencyUs = Math.round(answered.latencyMs * 1000);
    tally.latencyKnown++;
    tally.latencyUsSum += latencyUs;
    tally.latencyUsMax = Math.max(tally.latencyUsMax, latencyUs);
    tally.latency.record(answered.latencyMs);
  }
  if (!Number.isNaN(answered.timeToFirstTokenMs)) tally.timeToFirstToken.record(answered.timeToFirstTokenMs);
  tally.promptTokens += known(answered.promptTokens) - known(pending.promptTokens);
  tally.promptTokensKnown += knownCount(answered.promptTokens) - knownCount(pending.promptTokens);
  tally.cachedPromptTokens += known(answered.cachedPromptTokens) - known(pending.cachedPromptTokens);
  tally.cacheWriteTokens += known(answered.reportedCacheWriteTokens) - known(pending.cacheWriteTokens);
  tally.completionTokens += known(answered.completionTokens);
  tally.completionTokensKnown += knownCount(answered.completionTokens);
  tally.reasoningTokens += known(answered.reasoningTokens);
  addCost(tally, answered);
}

function countEnd(tally: TallySink, { errorKind, isFailure }: AnsweredCall): void {
  if (errorKind === null) return;
  if (!isFailure) {
    tally.cancelled++;
    return;
  }
  tally.errors++;
  if (errorKind in ERROR_SUMS) tally[ERROR_SUMS[errorKind as keyof typeof ERROR_SUMS]]++;
}

function addCost(tally: TallySink, answered: AnsweredCall): void {
  tally.costPicoUsd.add(answered.cost);
  tally.listCostPicoUsd.add(answered.listCost.sum);
  switch (answered.costSource) {
    case 'list':
      tally.pricedByList++;
      break;
    case 'file':
      tally.pricedByFile++;
      break;
    case 'provider':
      tally.pricedByProvider++;
      tally.reportedCostPicoUsd.add(answered.cost);
      break;
    case 'gateway':
      tally.pricedByGateway++;
      tally.reportedCostPicoUsd.add(answered.cost);
      break;
    case 'none':
      tally.unpricedRequests++;
      break;
    case 'free':
    default:
  }
}

/** Usage times rates must stay the cost, or pricing again would bill what was free. */
export function addBill(usage: UsageSink, answered: AnsweredCall): void {
  usage.calls++;
  if (answered.costSource === 'free') {
    usage.freeCalls++;
    return;
  }
  if (answered.costSource === 'none') usage.unpricedCalls++;
  else if (answered.costSource === 'list') usage.listCalls++;
  else if (answered.costSource === 'file') usage.fileCalls++;
  usage.costPicoUsd.add(answered.cost);
  if (!answered.isCountKnown) {
    usage.unknownCalls++;
    return;
  }
  usage.inputTokens += answered.inputTokens;
  usage.cacheReadTokens += answered.cacheReadTokens;
  usage.cacheWriteTokens += answered.cacheWriteTokens;
  usage.cacheWrite1hTokens += answered.cacheWrite1hTokens;
  usage.inputAudioTokens += answered.inputAudioTokens;
  usage.cacheReadAudioTokens += answered.cacheReadAudioTokens;
  usage.inputImageTokens += answered.inputImageTokens;
  usage.outputTokens += answered.outputTokens;
  usage.outputAudioTokens += answered.outputAudioTokens;
  usage.outputImageTokens += answered.outputImageTokens;
  usage.requestFees += answered.requestFees;
  usage.webSearches += answered.webSearches;
  usage.groundedRequests += answered.groundedRequests;
  usage.listCostPicoUsd.add(answered.listCost.sum);
}

const known = (count: number): number => (Number.isNaN(count) ? 0 : count);
const knownCount = (count: number): number => (Number.isNaN(count) ? 0 : 1);
