import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until it holds. @throws with what did not come true in time */
export async function until(
  what: string | (() => string),
  holds: () => Promise<boolean>,
  msMax: number,
): Promise<void> {
  const giveUpAtMs = performance.now() + msMax;
  while (!(await holds())) {
    if (performance.now() > giveUpAtMs) {
      throw new Error(`Not within ${msMax} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(100);
  }
}
