import type { Runtime } from './runtime.ts';

const FIRST_WAIT_MS = 100;
const WAIT_MS_MAX = 5000;

/**
 * Repeats `work` while it throws an error that says it is `retryable`, waiting twice as long each time, until it
 * succeeds or `signal` ends it. A broker or database may be away for minutes; what waits meanwhile is bounded
 * elsewhere.
 *
 * @throws the error of the last attempt when it is not retryable or the signal was aborted
 */
export async function retry<T>(work: () => Promise<T>, { runtime, signal, onRetry }: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || (error as { retryable?: boolean }).retryable !== true) throw error;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), WAIT_MS_MAX);
      onRetry(error as Error, { attempt, waitMs });
      await runtime.sleep(waitMs, signal);
    }
  }
}

export interface RetryOptions {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly onRetry: (error: Error, fact: { attempt: number; waitMs: number }) => void;
}
