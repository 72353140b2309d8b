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
  into.requests += asInteger(slots[T.requests]);
  into.completed += asInteger(slots[T.completed]);
  into.unanswered += asInteger(slots[T.unanswered]);
  into.errors += asInteger(slots[T.errors]);
  into.errorsRateLimit += asInteger(slots[T.errorsRateLimit]);
  into.errorsTimeout += asInteger(slots[T.errorsTimeout]);
  into.errorsAuth += asInteger(slots[T.errorsAuth]);
  into.errorsInvalidRequest += asInteger(slots[T.errorsInvalidRequest]);
  into.errorsContentFilter += asInteger(slots[T.errorsContentFilter]);
  into.errorsServer += asInteger(slots[T.errorsServer]);
  into.cancelled += asInteger(slots[T.cancelled]);
  into.latencyKnown += asInteger(slots[T.latencyKnown]);
  into.latencyUsSum += asInteger(slots[T.latencyUsSum]);
  into.promptTokens += asInteger(slots[T.promptTokens]);
  into.promptTokensKnown += asInteger(slots[T.promptTokensKnown]);
  into.completionTokens += asInteger(slots[T.completionTokens]);
  into.completionTokensKnown += asInteger(slots[T.completionTokensKnown]);
  into.cachedPromptTokens += asInteger(slots[T.cachedPromptTokens]);
  into.cacheWriteTokens += asInteger(slots[T.cacheWriteTokens]);
  into.reasoningTokens += asInteger(slots[T.reasoningTokens]);
  into.unpricedRequests += asInteger(slots[T.unpricedRequests]);
  into.pricedByProvider += asInteger(slots[T.pricedByProvider]);
  into.pricedByGateway += asInteger(slots[T.pricedByGateway]);
  into.pricedByList += asInteger(slots[T.pricedByList]);
  into.pricedByFile += asInteger(slots[T.pricedByFile]);
  into.latencyUsMax = Math.max(into.latencyUsMax, asInteger(slots[T.latencyUsMax]));
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
  numbers[U.webSearches] = usage.webSearches;
  numbers[U.groundedRequests] = usage.groundedRequests;
  numbers[U.unpricedCalls] = usage.unpricedCalls;
  numbers[U.listCalls] = usage.listCalls;
  numbers[U.fileCalls] = usage.fileCalls;
}

export function addUsageNumbers(into: Usage, numbers: Float64Array): void {
  const slots = numbers as unknown as Record<(typeof U)[keyof typeof U], number>;
  into.calls += asInteger(slots[U.calls]);
  into.unknownCalls += asInteger(slots[U.unknownCalls]);
  into.freeCalls += asInteger(slots[U.freeCalls]);
  into.inputTokens += asInteger(slots[U.inputTokens]);
  into.cacheReadTokens += asInteger(slots[U.cacheReadTokens]);
  into.cacheWriteTokens += asInteger(slots[U.cacheWriteTokens]);
  into.cacheWrite1hTokens += asInteger(slots[U.cacheWrite1hTokens]);
  into.inputAudioTokens += asInteger(slots[U.inputAudioTokens]);
  into.cacheReadAudioTokens += asInteger(slots[U.cacheReadAudioTokens]);
  into.inputImageTokens += asInteger(slots[U.inputImageTokens]);
  into.outputTokens += asInteger(slots[U.outputTokens]);
  into.outputAudioTokens += asInteger(slots[U.outputAudioTokens]);
  into.outputImageTokens += asInteger(slots[U.outputImageTokens]);
  into.requestFees += asInteger(slots[U.requestFees]);
  into.webSearches += asInteger(slots[U.webSearches]);
  into.groundedRequests += asInteger(slots[U.groundedRequests]);
  into.unpricedCalls += asInteger(slots[U.unpricedCalls]);
  into.listCalls += asInteger(slots[U.listCalls]);
  into.fileCalls += asInteger(slots[U.fileCalls]);
}

/**
 * What comes from a `Float64Array` is a double to V8, whatever its value. A field that held one once is a box on the
 * heap from then on, in all tallies, and whoever adds to them takes a fifth longer.
 */
function asInteger(value: number): number {
  const integer = value | 0;
  return integer === value ? integer : value;
}
