import type { RateLimit } from './rate-limit.ts';

/** Adds up what senders owe, for all processes. */
export interface SharedDebts {
  /**
   * @param debts by the name of sender and limit; ms of its rate
   * @returns what each of them owes now, to all. @throws when nobody answers
   */
  add(debts: readonly NamedDebt[]): Promise<readonly NamedDebt[]>;
}

export interface NamedDebt {
  readonly name: string;
  readonly ms: number;
}

/** How far processes may together go beyond a limit, in time; debts are paid all the same. */
const TELL_EVERY_MS = 500;
/** Of one telling; the rest is told with the next. */
const DEBTS_MAX = 5_000;

/**
 * Tells others every half second what this process's senders came to owe, and learns what they owe to all: one
 * statement for all of them, and none where nobody sent. While nobody answers each process limits by itself, and tells
 * later.
 *
 * @returns stops telling
 */
export function shareLimits(
  limits: readonly RateLimit[],
  debts: SharedDebts,
  onError: (error: Error) => void,
): () => Promise<void> {
  let telling: Promise<void> = Promise.resolve();
  let isTelling = false;
  const tell = async (): Promise<void> => {
    try {
      for (const limit of limits) await tellDebts(limit, debts);
    } catch (error) {
      onError(error as Error);
    } finally {
      isTelling = false;
    }
  };
  const timer = setInterval(() => {
    if (isTelling) return;
    isTelling = true;
    telling = tell();
  }, TELL_EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await telling;
  };
}

/** What could not be told is forgotten by the others, not by this process: it limits as if it were alone. */
export async function tellDebts(limit: RateLimit, debts: SharedDebts): Promise<void> {
  const untold = limit.takeUntold().slice(0, DEBTS_MAX);
  if (untold.length === 0) return;
  const prefix = `${limit.policy.name} `;
  const owed = await debts.add(untold.map(({ sender, ms }) => ({ name: `${prefix}${sender}`, ms })));
  limit.learn(owed.map(({ name, ms }) => ({ sender: name.slice(prefix.length), ms })));
}
