import { setTimeout as sleep } from 'node:timers/promises';

/** What came of one try: an answer, or why there is none, and how long the server asks to wait. */
export type Outcome<Answer> =
  | { readonly answer: Answer }
  | { readonly why: string; readonly waitMs: number; readonly mayPass: boolean };

export interface Patience {
  /** How long it is tried again. */
  readonly retryMsMax: number;
  /** The pause after the first try, which doubles with each further one. */
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /** Told before each further try. */
  readonly onRetry: (why: string, waitMs: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Tries until there is an answer. Whatever may pass by itself is tried again, as long as the time allows.
 *
 * A loop of our own, because the server may say in `Retry-After` how long to wait. `p-retry` computes each wait from
 * the number of the attempt, and what a server asks for could only be waited beside it.
 *
 * @throws with the reason of the last try, when the time is up or trying again would change nothing
 */
export async function untilAnswered<Answer>(
  tryOnce: () => Promise<Outcome<Answer>>,
  { retryMsMax, backoffMsMin, backoffMsMax, onRetry, signal }: Patience,
): Promise<Answer> {
  const giveUpAtMs = performance.now() + retryMsMax;
  for (let attempt = 0; ; attempt++) {
    const outcome = await tryOnce();
    if ('answer' in outcome) return outcome.answer;
    if (!outcome.mayPass) throw new Error(outcome.why);
    const waitMs = Math.max(outcome.waitMs, Math.min(backoffMsMin * 2 ** attempt, backoffMsMax));
    if (signal.aborted || performance.now() + waitMs > giveUpAtMs) throw new Error(outcome.why);
    onRetry(outcome.why, waitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
