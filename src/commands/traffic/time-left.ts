/** How long it has taken, in ms, and how much of the work that was. */
interface Pace {
  readonly elapsedMs: number;
  readonly done: number;
  readonly total: number;
}

/** Before that, how fast it goes is not known. */
const KNOWN_AFTER_MS = 1000;

/** `, 3m 20s left`, or nothing where nobody knows. */
export function timeLeft({ elapsedMs, done, total }: Pace): string {
  if (elapsedMs < KNOWN_AFTER_MS || done <= 0 || total <= 0) return '';
  const leftS = Math.ceil((elapsedMs * Math.max(0, total - done)) / done / 1000);
  const [h, m, s] = [Math.floor(leftS / 3600), Math.floor(leftS / 60) % 60, leftS % 60];
  if (h > 0) return `, ${h}h ${m}m left`;
  return m > 0 ? `, ${m}m ${s}s left` : `, ${s}s left`;
}

/** 1234567 as `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

export function percent(done: number, total: number): string {
  return total <= 0 ? '' : `${Math.floor((100 * Math.min(done, total)) / total)} %`;
}
