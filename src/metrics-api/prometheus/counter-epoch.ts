import type { TimeRange } from '../../tally/steps.ts';
import { DAY_MS, windowStartMs } from '../../tally/window.ts';

/**
 * The days whose calls counters count: from the first of the quarter on, in UTC. A begin that every process knows makes
 * them the same in all and after each restart; the quarter is the longest that lies within what retention keeps of days
 * at the least, a hundred. That counters begin anew with a quarter is a reset as Prometheus knows it.
 */
export function countedDays(nowMs: number): { readonly closed: TimeRange; readonly recent: TimeRange } {
  const today = new Date(nowMs);
  const fromMs = Date.UTC(today.getUTCFullYear(), Math.floor(today.getUTCMonth() / 3) * 3, 1);
  const todayMs = windowStartMs(nowMs, DAY_MS);
  const recentMs = Math.max(fromMs, todayMs - DAY_MS);
  // Senders' clocks are ahead sometimes.
  return { closed: { fromMs, toMs: recentMs }, recent: { fromMs: recentMs, toMs: todayMs + 2 * DAY_MS } };
}
