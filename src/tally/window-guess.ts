import type { SlotSums } from './slot-sums.ts';
import { TALLY_SLOTS as T, USAGE_SLOTS as U, USAGE_SLOT_COUNT } from './window-slots.ts';

/** Which slots are told, a bit for each. */
export const isTold = (told: number, slot: number): boolean => (told & (1 << slot)) !== 0;

/**
 * What one would think of what is not told of a tally, by what is: that it is of one call, which was answered, whose
 * numbers are known, and which was priced by the list. In the order in which one follows from another.
 *
 * @param into may be `from`: then it is guessed by what was guessed
 */
export function guessTally(into: SlotSums, from: SlotSums, told: number): void {
  const [guess, known] = [into.numbers, from.numbers] as unknown as readonly [TallyNumbers, TallyNumbers];
  if (!isTold(told, T.requests)) guess[T.requests] = 1;
  if (!isTold(told, T.completed)) guess[T.completed] = known[T.requests];
  if (!isTold(told, T.latencyKnown)) guess[T.latencyKnown] = known[T.completed];
  if (!isTold(told, T.promptTokensKnown)) guess[T.promptTokensKnown] = known[T.requests];
  if (!isTold(told, T.completionTokensKnown)) guess[T.completionTokensKnown] = known[T.completed];
  if (!isTold(told, T.pricedByList)) {
    const others = known[T.unpricedRequests] + known[T.pricedByProvider] + known[T.pricedByGateway];
    guess[T.pricedByList] = known[T.completed] - others - known[T.pricedByFile];
  }
  if (!isTold(told, T.latencyUsMax)) guess[T.latencyUsMax] = known[T.latencyKnown] === 1 ? known[T.latencyUsSum] : 0;
  if (!isTold(told, T.listCostPicoUsd)) into.copy(T.listCostPicoUsd, from, T.costPicoUsd);
}

/** What a tally says of the usage of all its calls. */
export function usageOfTally(into: SlotSums, tally: SlotSums): void {
  into.clear();
  const [usage, known] = [into.numbers, tally.numbers] as unknown as readonly [UsageNumbers, TallyNumbers];
  usage[U.calls] = known[T.completed];
  usage[U.inputTokens] = known[T.promptTokens] - known[T.cachedPromptTokens] - known[T.cacheWriteTokens];
  usage[U.cacheReadTokens] = known[T.cachedPromptTokens];
  usage[U.cacheWriteTokens] = known[T.cacheWriteTokens];
  usage[U.outputTokens] = known[T.completionTokens];
  usage[U.unpricedCalls] = known[T.unpricedRequests];
  usage[U.listCalls] = known[T.pricedByList];
  usage[U.fileCalls] = known[T.pricedByFile];
  into.copy(U.costPicoUsd, tally, T.costPicoUsd);
  into.copy(U.listCostPicoUsd, tally, T.listCostPicoUsd);
}

/**
 * That a usage is all that is left, and pays the fee of each call that costs something.
 *
 * @param into may be `from`
 */
export function guessUsage(
  into: SlotSums,
  { from, left, told }: { readonly from: SlotSums; readonly left: SlotSums; readonly told: number },
): void {
  for (let slot = 0; slot < USAGE_SLOT_COUNT; slot++) if (!isTold(told, slot)) into.copy(slot, left, slot);
  const known = from.numbers as unknown as UsageNumbers;
  if (!isTold(told, U.requestFees)) {
    into.numbers[U.requestFees] = known[U.calls] - known[U.unknownCalls] - known[U.freeCalls];
  }
}

/** All slots are there. */
type TallyNumbers = Record<(typeof T)[keyof typeof T], number>;
type UsageNumbers = Record<(typeof U)[keyof typeof U], number>;
