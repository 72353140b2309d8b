const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

const DAY_MS = 86_400_000;

/** 14:03:59, in the reader's time zone as all times here. */
export function formatClock(atMs: number): string {
  return CLOCK.format(atMs);
}

/** With the day where it is not today's. */
export function formatShortTime(atMs: number, nowMs: number): string {
  const isToday = DAY.format(atMs) === DAY.format(nowMs) && Math.abs(nowMs - atMs) < DAY_MS;
  return isToday ? CLOCK.format(atMs) : `${DAY.format(atMs)}, ${MINUTE.format(atMs)}`;
}

export function formatFullTime(atMs: number): string {
  return FULL.format(atMs);
}

/** A bucket of a chart: `24 Nov, 14:05 – 14:10`. */
export function formatBucket(startMs: number, stepMs: number): string {
  if (stepMs >= DAY_MS) return DAY.format(startMs);
  return `${DAY.format(startMs)}, ${MINUTE.format(startMs)} – ${MINUTE.format(startMs + stepMs)}`;
}

/** `just now`, `5 min ago`, `3 days ago`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - atMs) / 60_000);
  if (minutes < 2) return 'just now';
  if (minutes < 120) return `${minutes} min ago`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} hours ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}

/** As an input of the type `datetime-local` holds it. */
export function toLocalInput(atMs: number): string {
  const shifted = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
