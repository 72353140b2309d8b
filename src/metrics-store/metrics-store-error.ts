/**
 * - `unavailable`: the store cannot be reached now, or gave no answer; trying again may help
 * - `full`: it has no room; it helps to free some
 * - `setting-refused`: what a setting says cannot be used or is refused: address, user, password, database, TLS. Exit code 2
 * - `misconfigured`: rights, schema or the files themselves; only a person can help
 * - `corrupt`: what was read cannot be what was written
 */
export type MetricsStoreErrorCode = 'unavailable' | 'full' | 'setting-refused' | 'misconfigured' | 'corrupt';

/** The world failed, not the caller. The message is fit for an operator: what failed and what to do. */
export class MetricsStoreError extends Error {
  readonly code: MetricsStoreErrorCode;

  constructor(code: MetricsStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MetricsStoreError';
    this.code = code;
  }

  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'full';
  }
}
