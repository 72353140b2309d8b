import { setTimeout as sleep } from 'node:timers/promises';

/** Tries again until `attempt` no longer throws. @throws its last error after `msMax` */
export async function until(msMax: number, attempt: () => Promise<void>): Promise<void> {
  const deadlineMs = Date.now() + msMax;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await sleep(50);
    }
  }
}
