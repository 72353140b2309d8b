import type { Tally } from './tally.ts';
import type { Usage } from './usage.ts';

/**
 * The numbers under which stored rows know the sums, see `window-codec.ts`. They never change and are not given again;
 * a new sum gets the next one. What nearly every row tells comes first: a row says by one bit for each, up to the last
 * that it tells, which of them it has.
 */
export const TALLY_SLOTS = {
  latencyUsSum: 0,
  promptTokens: 1,
  completionTokens: 2,
  costPicoUsd: 3,
  requests: 4,
  latency: 5,
  latencyUsMax: 6,
  pricedByList: 7,
  listCostPicoUsd: 8,
  cachedPromptTokens: 9,
  reasoningTokens: 10,
  completed: 11,
  errors: 12,
  timeToFirstToken: 13,
  cacheWriteTokens: 14,
  unpricedRequests: 15,
  cancelled: 16,
  latencyKnown: 17,
  promptTokensKnown: 18,
  completionTokensKnown: 19,
  unanswered: 20,
  errorsRateLimit: 21,
  errorsTimeout: 22,
  errorsAuth: 23,
  errorsInvalidRequest: 24,
  errorsContentFilter: 25,
  errorsServer: 26,
  pricedByProvider: 27,
  pricedByGateway: 28,
  pricedByFile: 29,
  reportedCostPicoUsd: 30,
} as const satisfies Readonly<Record<keyof Tally, number>>;

export const USAGE_SLOTS = {
  calls: 0,
  inputTokens: 1,
  outputTokens: 2,
  costPicoUsd: 3,
  cacheReadTokens: 4,
  listCalls: 5,
  listCostPicoUsd: 6,
  requestFees: 7,
  freeCalls: 8,
  unpricedCalls: 9,
  cacheWriteTokens: 10,
  unknownCalls: 11,
  fileCalls: 12,
  cacheWrite1hTokens: 13,
  inputAudioTokens: 14,
  cacheReadAudioTokens: 15,
  inputImageTokens: 16,
  outputAudioTokens: 17,
  outputImageTokens: 18,
  webSearches: 19,
  groundedRequests: 20,
} as const satisfies Readonly<Record<keyof Usage, number>>;

export const TALLY_SLOT_COUNT = Object.keys(TALLY_SLOTS).length;
export const USAGE_SLOT_COUNT = Object.keys(USAGE_SLOTS).length;
