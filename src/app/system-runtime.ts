import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runtime } from '../metrics-processor/runtime.ts';

/** The real clock. */
export const SYSTEM_RUNTIME: Runtime = {
  nowMs: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
  newToken: () => randomBytes(12).toString('base64url'),
};
