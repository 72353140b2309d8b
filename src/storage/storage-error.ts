/**
 * What kind of failure of the event log or the metrics store it was:
 *
 * - `unavailable`: it cannot be reached now, or gave no answer; trying again may help
 * - `full`: it has no room (disk, quota); it helps to free some
 * - `setting-refused`: a setting's value (address, user, password, database, TLS) is unusable or refused. Exit code 2
 * - `misconfigured`: topics, partitions, rights, schema or the files themselves; only a person can help
 * - `corrupt`: what was read cannot be what was written
 */
export const STORAGE_ERROR_CODES = ['unavailable', 'full', 'setting-refused', 'misconfigured', 'corrupt'] as const;
export type StorageErrorCode = (typeof STORAGE_ERROR_CODES)[number];

/** The log or the store failed, not its caller. The message is fit for an operator: what failed and what to do. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }

  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'full';
  }
}
