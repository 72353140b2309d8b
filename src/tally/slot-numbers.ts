import type { Tally } from './tally.ts';
import type { Usage } from './usage.ts';
import { TALLY_SLOTS as T, USAGE_SLOTS as U } from './window-slots.ts';

/**
 * The numbers of tallies and usages in their slots and back. Field by field, as one that is named by a variable takes
 * 60 ns and there are thirty; `slot-numbers.test.ts` compares them with the tables.
 */
export function setTallyNumbers(numbers: Float64Array, tally: Tally): void {
  numbers[T.requests] = tally.requests;
  numbers[T.completed] = tally.completed;
  numbers[T.unanswered] = tally.unanswered;
  numbers[T.errors] = tally.errors;
  numbers[T.errorsRateLimit] = tally.errorsRateLimit;
  numbers[T.errorsTimeout] = tally.errorsTimeout;
  numbers[T.errorsAuth] = tally.errorsAuth;
  numbers[T.errorsInvalidRequest] = tally.errorsInvalidRequest;
  numbers[T.errorsContentFilter] = tally.errorsContentFilter;
  numbers[T.errorsServer] = tally.errorsServer;
  numbers[T.cancelled] = tally.cancelled;
  numbers[T.latencyKnown] = tally.latencyKnown;
  numbers[T.latencyUsSum] = tally.latencyUsSum;
  numbers[T.promptTokens] = tally.promptTokens;
  numbers[T.promptTokensKnown] = tally.promptTokensKnown;
  numbers[T.completionTokens] = tally.completionTokens;
  numbers[T.completionTokensKnown] = tally.completionTokensKnown;
  numbers[T.cachedPromptTokens] = tally.cachedPromptTokens;
  numbers[T.cacheWriteTokens] = tally.cacheWriteTokens;
  numbers[T.reasoningTokens] = tally.reasoningTokens;
  numbers[T.unpricedRequests] = tally.unpricedRequests;
  numbers[T.pricedByProvider] = tally.pricedByProvider;
  numbers[T.pricedByGateway] = tally.pricedByGateway;
  numbers[T.pricedByList] = tally.pricedByList;
  numbers[T.pricedByFile] = tally.pricedByFile;
  numbers[T.latencyUsMax] = tally.latencyUsMax;
}

export function addTallyNumbers(into: Tally, numbers: Float64Array): void {
  const slots = numbers as unknown as Record<(typeof T)[keyof typeof T], number>;
  into.requests += slots[T.requests];
  into.completed += slots[T.completed];
  into.unanswered += slots[T.unanswered];
  into.errors += slots[T.errors];
  into.errorsRateLimit += slots[T.errorsRateLimit];
  into.errorsTimeout += slots[T.errorsTimeout];
  into.errorsAuth += slots[T.errorsAuth];
  into.errorsInvalidRequest += slots[T.errorsInvalidRequest];
  into.errorsContentFilter += slots[T.errorsContentFilter];
  into.errorsServer += slots[T.errorsServer];
  into.cancelled += slots[T.cancelled];
  into.latencyKnown += slots[T.latencyKnown];
  into.latencyUsSum += slots[T.latencyUsSum];
  into.promptTokens += slots[T.promptTokens];
  into.promptTokensKnown += slots[T.promptTokensKnown];
  into.completionTokens += slots[T.completionTokens];
  into.completionTokensKnown += slots[T.completionTokensKnown];
  into.cachedPromptTokens += slots[T.cachedPromptTokens];
  into.cacheWriteTokens += slots[T.cacheWriteTokens];
  into.reasoningTokens += slots[T.reasoningTokens];
  into.unpricedRequests += slots[T.unpricedRequests];
  into.pricedByProvider += slots[T.pricedByProvider];
  into.pricedByGateway += slots[T.pricedByGateway];
  into.pricedByList += slots[T.pricedByList];
  into.pricedByFile += slots[T.pricedByFile];
  if (slots[T.latencyUsMax] > into.latencyUsMax) into.latencyUsMax = slots[T.latencyUsMax];
}

export function setUsageNumbers(numbers: Float64Array, usage: Usage): void {
  numbers[U.calls] = usage.calls;
  numbers[U.unknownCalls] = usage.unknownCalls;
  numbers[U.freeCalls] = usage.freeCalls;
  numbers[U.inputTokens] = usage.inputTokens;
  numbers[U.cacheReadTokens] = usage.cacheReadTokens;
  numbers[U.cacheWriteTokens] = usage.cacheWriteTokens;
  numbers[U.cacheWrite1hTokens] = usage.cacheWrite1hTokens;
  numbers[U.inputAudioTokens] = usage.inputAudioTokens;
  numbers[U.cacheReadAudioTokens] = usage.cacheReadAudioTokens;
  numbers[U.inputImageTokens] = usage.inputImageTokens;
  numbers[U.outputTokens] = usage.outputTokens;
  numbers[U.outputAudioTokens] = usage.outputAudioTokens;
  numbers[U.outputImageTokens] = usage.outputImageTokens;
  numbers[U.requestFees] = usage.requestFees;
  numbers[U.unpricedCalls] = usage.unpricedCalls;
  numbers[U.listCalls] = usage.listCalls;
  numbers[U.fileCalls] = usage.fileCalls;
}

export function addUsageNumbers(into: Usage, numbers: Float64Array): void {
  const slots = numbers as unknown as Record<(typeof U)[keyof typeof U], number>;
  into.calls += slots[U.calls];
  into.unknownCalls += slots[U.unknownCalls];
  into.freeCalls += slots[U.freeCalls];
  into.inputTokens += slots[U.inputTokens];
  into.cacheReadTokens += slots[U.cacheReadTokens];
  into.cacheWriteTokens += slots[U.cacheWriteTokens];
  into.cacheWrite1hTokens += slots[U.cacheWrite1hTokens];
  into.inputAudioTokens += slots[U.inputAudioTokens];
  into.cacheReadAudioTokens += slots[U.cacheReadAudioTokens];
  into.inputImageTokens += slots[U.inputImageTokens];
  into.outputTokens += slots[U.outputTokens];
  into.outputAudioTokens += slots[U.outputAudioTokens];
  into.outputImageTokens += slots[U.outputImageTokens];
  into.requestFees += slots[U.requestFees];
  into.unpricedCalls += slots[U.unpricedCalls];
  into.listCalls += slots[U.listCalls];
  into.fileCalls += slots[U.fileCalls];
}
