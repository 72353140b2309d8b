/**
 * - `unavailable`: the log cannot be reached now; trying again may help
 * - `full`: it has no room (disk, quota); it helps to free some
 * - `misconfigured`: topics, partitions, rights or credentials are wrong; only a person can help
 * - `corrupt`: what was read cannot be what was written
 */
export type EventLogErrorCode = 'unavailable' | 'full' | 'misconfigured' | 'corrupt';

/** The world failed, not the caller. The message is fit for an operator: what failed and what to do. */
export class EventLogError extends Error {
  readonly code: EventLogErrorCode;

  constructor(code: EventLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EventLogError';
    this.code = code;
  }

  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'full';
  }
}
