/** Something to wait for that others can bring about: a change in the store, a click on "try again". */
export class WakeUp {
  #isPending = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#isPending = true;
    this.#wake?.();
  }

  /** Returns when it rang since the last wait, after `ms`, or when the signal aborts, whichever is first. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = null;
        this.#isPending = false;
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (this.#isPending || signal.aborted) return done();
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** Waits, but not past the signal's abort. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new WakeUp().wait(ms, signal);
}

/** Nobody looks at a hidden page, so it asks nothing. */
export async function untilVisible(signal: AbortSignal): Promise<void> {
  while (document.hidden && !signal.aborted) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        document.removeEventListener('visibilitychange', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      document.addEventListener('visibilitychange', done);
      signal.addEventListener('abort', done);
    });
  }
}
