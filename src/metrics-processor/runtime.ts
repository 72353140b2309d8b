/**
 * The edges of the processor that are not the log or the store: time, waiting, fresh names. Simulations bring their
 * own.
 */
export interface Runtime {
  nowMs(): number;
  /** Resolves after `ms`, or early when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A name that no other commit has. */
  newToken(): string;
}
