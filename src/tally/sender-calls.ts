import { ExactSum } from './exact-sum.ts';
import { type KindsOf, ofKind } from './kinds.ts';

/** What was seen of one sender as calls, in one session and hour. Unknown token counts enter no sum. */
export class SenderCalls {
  calls = 0;
  promptTokens = 0;
  completionTokens = 0;
  cachedPromptTokens = 0;
  cacheWriteTokens = 0;
  reasoningTokens = 0;
  /** … of these, calls whose cost is not known. */
  unpricedCalls = 0;
  readonly costPicoUsd = new ExactSum();
}

/** How each field adds, in the order in which stores keep them. A field that is not here does not compile. */
const SENDER_CALLS_KINDS = {
  calls: 'sum',
  promptTokens: 'sum',
  completionTokens: 'sum',
  cachedPromptTokens: 'sum',
  cacheWriteTokens: 'sum',
  reasoningTokens: 'sum',
  unpricedCalls: 'sum',
  costPicoUsd: 'exactSum',
} as const satisfies KindsOf<SenderCalls, SenderCallsKinds>;

interface SenderCallsKinds extends Record<string, unknown> {
  readonly sum: number;
  readonly exactSum: ExactSum;
}

export const SENDER_CALLS_SUMS = ofKind(SENDER_CALLS_KINDS, 'sum');

/** `into += from`. */
export function addSenderCalls(into: SenderCalls, from: SenderCalls): void {
  for (const field of SENDER_CALLS_SUMS) into[field] += from[field];
  into.costPicoUsd.add(from.costPicoUsd);
}

/** `into -= from`: takes back what was added. */
export function subtractSenderCalls(into: SenderCalls, from: SenderCalls): void {
  for (const field of SENDER_CALLS_SUMS) into[field] -= from[field];
  into.costPicoUsd.subtract(from.costPicoUsd);
}

export function isEmptySenderCalls(sums: SenderCalls): boolean {
  return SENDER_CALLS_SUMS.every((field) => sums[field] === 0) && sums.costPicoUsd.value === 0n;
}
