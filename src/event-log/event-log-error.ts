/**
 * - `unavailable`: the log cannot be reached now; trying again may help
 * - `full`: it has no room (disk, quota); it helps to free some
 * - `setting-refused`: what a setting says cannot be used or is refused: address, user, password, database, TLS. Exit code 2
 * - `misconfigured`: topics, partitions, rights or the files themselves; only a person can help
 * - `corrupt`: what was read cannot be what was written
 */
export const EVENT_LOG_ERROR_CODES = ['unavailable', 'full', 'setting-refused', 'misconfigured', 'corrupt'] as const;
export type EventLogErrorCode = (typeof EVENT_LOG_ERROR_CODES)[number];

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
