import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again. @throws with what was wanted when it takes too long */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  { everyMs = 100, timeoutMs = 900_000 }: { everyMs?: number; timeoutMs?: number } = {},
): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > giveUpAtMs) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await sleep(everyMs);
  }
}
