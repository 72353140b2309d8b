import { SettingError } from '../settings/read-settings.ts';

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const INSTANT = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/;

/**
 * An instant on the command line: a day (from midnight UTC), an RFC 3339 time, `now`, or `now-7d`.
 *
 * @throws {SettingError} that names the flag
 */
export function parseInstant(flag: string, text: string, nowMs: number): number {
  const relative = /^now(?:-(\d{1,9})([smhd]))?$/.exec(text);
  if (relative !== null) {
    const [, count = '0', unit = 's'] = relative;
    return Math.max(0, nowMs - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]);
  }
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
