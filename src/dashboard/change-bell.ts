/**
 * Told of changes in the store, by the start of the earliest row that changed; waited for by whoever shows the rows.
 */
export class ChangeBell {
  #changedFromMs = Number.POSITIVE_INFINITY;
  #isRung = false;
  #wake: (() => void) | null = null;

  ring(changedFromMs: number): void {
    this.#changedFromMs = Math.min(this.#changedFromMs, changedFromMs);
    this.#isRung = true;
    this.#wake?.();
  }

  /** What has changed since this was asked last; infinity: nothing. */
  takeChangedFromMs(): number {
    const taken = this.#changedFromMs;
    this.#changedFromMs = Number.POSITIVE_INFINITY;
    this.#isRung = false;
    return taken;
  }

  /**
   * Returns when it rang since the last `takeChangedFromMs`, after `ms`, or when the signal aborts, whichever is first.
   */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (this.#isRung || signal.aborted) return done();
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
