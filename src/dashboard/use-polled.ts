import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { backoffMs } from './backoff.ts';
import { pause, untilVisible } from './pause.ts';

export interface Polled<T> {
  /** The last answer; null before the first. */
  readonly value: T | null;
  /** What the last question met; null where it was answered. */
  readonly error: ApiError | null;
}

/**
 * Asks now, again whenever one of `dependencies` changes, and every `everyMs`, less often while it fails. A failure
 * keeps the last answer; one of another `subject` is forgotten at once.
 */
export function usePolled<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { subject, everyMs, dependencies }: { subject: string; everyMs: number; dependencies: readonly unknown[] },
): Polled<T> {
  const [state, setState] = useState<Polled<T> & { readonly subject: string }>({ value: null, error: null, subject });
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const keepAsking = async (): Promise<void> => {
      let failures = 0;
      while (!signal.aborted) {
        await untilVisible(signal);
        try {
          const value = await ask(signal);
          failures = 0;
          if (!signal.aborted) setState({ value, error: null, subject });
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof ApiError)) throw error;
          setState((before) => ({ value: before.subject === subject ? before.value : null, error, subject }));
          // Asking again without another key is of no use.
          if (error.obstacle === 'unauthorized') return;
          failures += 1;
        }
        await pause(failures === 0 ? everyMs : Math.max(everyMs, backoffMs(failures, Math.random())), signal);
      }
    };
    void keepAsking();
    return () => stop.abort();
  }, [subject, everyMs, ...dependencies]);
  return state.subject === subject ? state : { value: null, error: null };
}
