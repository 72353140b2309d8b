const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How instants are written in one time zone. */
export interface Times {
  /** IANA name. */
  readonly zone: string;
  /** 14:03:59 */
  clock(atMs: number): string;
  /**
   * The clock alone where the day is today's: `14:03:59`, else `24 Nov, 14:03`, with the year where it is not this one.
   */
  short(atMs: number, nowMs: number): string;
  /** `24 Nov 2026, 14:03:59` */
  full(atMs: number): string;
  /** A step of a chart: `24 Nov, 14:05 – 14:10`, or a day; one that was cut in UTC and is none here says so. */
  step(startMs: number, endMs: number): string;
  /** `24 Nov, 14:05 – 25 Nov, 09:00`; whole days as days. */
  range(fromMs: number, toMs: number, stepMs: number): string;
  /** Where days begin on a chart of such steps: UTC, where that is how they were cut. */
  axisZone(startMs: number, stepMs: number): string;
  /** The instant in the form in which a person types it: `2026-11-24 14:05`. */
  typed(atMs: number): string;
  /** What was typed, in ms; null where it is no such time. */
  parseTyped(text: string): number | null;
}

/**
 * All texts are in English and in one order, whatever the browser's language, so that no date can be read in two ways.
 */
export function timesIn(zone: string, nowMs: number = Date.now()): Times {
  const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
  const offsetMs = zoneOffset(zone);
  const clock = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const minute = format({ hour: '2-digit', minute: '2-digit' });
  const day = format({ day: 'numeric', month: 'short' });
  const dayOfYear = format({ day: 'numeric', month: 'short', year: 'numeric' });
  const year = format({ year: 'numeric' });
  const full = format({ dateStyle: 'medium', timeStyle: 'medium' });
  const dateText = (atMs: number): string =>
    (year.format(atMs) === year.format(nowMs) ? day : dayOfYear).format(atMs).replace('Sept', 'Sep');
  const areUtcDays = (startMs: number, stepMs: number): boolean => stepMs >= DAY_MS && !isMidnight(startMs);
  const isMidnight = (atMs: number): boolean => minute.format(atMs) === '00:00';
  return {
    zone,
    clock: (atMs) => clock.format(atMs),
    short: (atMs, now) => {
      const isToday = dayOfYear.format(atMs) === dayOfYear.format(now);
      return isToday ? clock.format(atMs) : `${dateText(atMs)}, ${minute.format(atMs)}`;
    },
    full: (atMs) => full.format(atMs),
    step(startMs, endMs) {
      if (endMs - startMs < DAY_MS) {
        return `${dateText(startMs)}, ${minute.format(startMs)} – ${minute.format(endMs)}`;
      }
      return areUtcDays(startMs, endMs - startMs) ? `${utc(nowMs).step(startMs, endMs)} (UTC day)` : dateText(startMs);
    },
    axisZone: (startMs, stepMs) => (areUtcDays(startMs, stepMs) ? 'UTC' : zone),
    range(fromMs, toMs, stepMs) {
      if (areUtcDays(fromMs, stepMs)) return `${utc(nowMs).range(fromMs, toMs, stepMs)} (UTC days)`;
      if (isMidnight(fromMs) && isMidnight(toMs)) {
        const [first, last] = [dateText(fromMs), dateText(Math.max(fromMs, toMs - MINUTE_MS))];
        return first === last ? first : `${first} – ${last}`;
      }
      const [from, to] = [dateText(fromMs), dateText(toMs)];
      return `${from}, ${minute.format(fromMs)} – ${from === to ? '' : `${to}, `}${minute.format(toMs)}`;
    },
    typed: (atMs) => new Date(atMs + offsetMs(atMs)).toISOString().slice(0, 16).replace('T', ' '),
    parseTyped(text) {
      const match = /^\s*(\d{4}-\d{2}-\d{2})(?:[ T]+(\d{1,2}:\d{2}))?\s*$/.exec(text);
      if (match === null) return null;
      const asUtcMs = Date.parse(`${match[1]}T${(match[2] ?? '00:00').padStart(5, '0')}:00Z`);
      if (Number.isNaN(asUtcMs)) return null;
      // The offset that holds at the instant meant; near a change of the clocks the first guess may be off by it.
      const guessMs = asUtcMs - offsetMs(asUtcMs);
      return asUtcMs - offsetMs(guessMs);
    },
  };
}

const utc = (nowMs: number): Times => timesIn('UTC', nowMs);

/** The reader's own zone. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `just now`, `5 min ago`, `3 days ago`. */
function formatAgo(atMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - atMs) / MINUTE_MS);
  if (minutes < 2) return 'just now';
  if (minutes < 120) return `${minutes} min ago`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} hours ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}

/** Senders' clocks are wrong at times, and a call is of the time that its sender says. */
export function lastCallsText(lastMs: number, nowMs: number, times: Pick<Times, 'full'>): string {
  return lastMs > nowMs + MINUTE_MS
    ? `the last are dated ${times.full(lastMs)}, which is still to come`
    : `the last were ${formatAgo(lastMs, nowMs)}`;
}

/** How far a zone's clocks are ahead of UTC at an instant. */
export function zoneOffset(zone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const at = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const wallMs = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second'));
    return wallMs - Math.floor(atMs / 1000) * 1000;
  };
}
