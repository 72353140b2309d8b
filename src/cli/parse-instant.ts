import { relativeInstantMs } from '../events/relative-instant.ts';
import { SettingError } from '../settings/read-settings.ts';

const INSTANT = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/;

/**
 * An instant on the command line: a day (from midnight UTC), an RFC 3339 time, `now`, or `now-7d`.
 *
 * @throws {SettingError} that names the flag
 */
export function parseInstant(flag: string, text: string, nowMs: number): number {
  const relativeMs = relativeInstantMs(text, nowMs);
  if (relativeMs !== null) return relativeMs;
  // The parser of V8 takes a bare day as midnight UTC, and turns 30 February into March.
  const atMs = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs) || atMs < 0 || !isRealDay(text)) {
    const accepted = 'a day such as 2025-11-19, a time such as 2025-11-19T10:00:00Z, now, or now-7d';
    throw new SettingError(`${flag} must be ${accepted}; got ${JSON.stringify(text)}`);
  }
  return atMs;
}

function isRealDay(text: string): boolean {
  const day = text.slice(0, 10);
  const atMs = Date.parse(day);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(day);
}
