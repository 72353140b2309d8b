const TIME_MS_MAX = Date.UTC(2200, 0, 1);

/** Beyond these a count since 1970 is of the next smaller unit: 10¹¹ s are the year 5138, and 10¹¹ ms lie in 1973. */
const UNITS: readonly (readonly [below: number, perMs: number])[] = [
  [1e11, 1e-3],
  [1e14, 1],
  [1e17, 1e3],
  [Infinity, 1e6],
];

/**
 * Ms since 1970 of a time as exports write it: RFC 3339, the same with a blank and without an offset (which means UTC,
 * as databases print it), or a count of seconds, ms, µs or ns.
 *
 * @returns null for what is none
 */
export function instantFrom(value: unknown): number | null {
  const number =
    typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()))
      ? Number(value)
      : null;
  const atMs = number === null ? parsedMs(value) : sinceEpochMs(number);
  return atMs >= 0 && atMs < TIME_MS_MAX ? Math.trunc(atMs) : null;
}

function sinceEpochMs(count: number): number {
  const [, perMs = 1] = UNITS.find(([below]) => count < below) ?? [];
  return count / perMs;
}

/** `2025-11-19 10:00:00.123456+00`, `2025-11-19T10:00:00`, `2025-11-19 10:00:00 UTC` */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

function parsedMs(value: unknown): number {
  if (typeof value !== 'string') return Number.NaN;
  const [, day, clock, fraction = '', offset = 'Z'] = DATE_TIME.exec(value.trim()) ?? [];
  if (day === undefined || clock === undefined) return Number.NaN;
  const ms = fraction === '' ? '' : `.${fraction.slice(0, 3)}`;
  return Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${ms}${offsetOf(offset)}`);
}

function offsetOf(text: string): string {
  if (/^(?:z|utc)$/i.test(text)) return 'Z';
  const digits = text.slice(1).replace(':', '').padEnd(4, '0');
  return `${text.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
