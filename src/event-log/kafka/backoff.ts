import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 50;
const MS_MAX = 1_000;

/**
 * Waits before another try: 50 ms doubling to 1 s, half of it random, so that clients which failed together do not
 * come back together. `attempt` counts from 0. Ends early, without an error, when the signal is aborted.
 */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(MS_MAX, FIRST_MS * 2 ** Math.min(attempt, 10));
  await sleep(ms / 2 + Math.random() * (ms / 2), undefined, { signal }).catch(() => undefined);
}
