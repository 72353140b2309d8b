const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const RELATIVE = /^now(?:-(\d{1,9})([smhd]))?$/;

/** Ms since the epoch of `now`, or of `now` minus a duration such as `now-15m`; null for what is neither. */
export function relativeInstantMs(text: string, nowMs: number): number | null {
  const relative = RELATIVE.exec(text);
  if (relative === null) return null;
  const [, count = '0', unit = 's'] = relative;
  return Math.max(0, nowMs - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]);
}
