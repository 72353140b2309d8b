import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for work that may as well be left undone, or fail: its end, or that the time is up. It lies here as all who
 * wait like this know this folder, and it knows nobody.
 */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const timeUp = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), timeUp]);
  done.abort();
}
