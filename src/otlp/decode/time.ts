const NS_PER_MS = 1e6;
/** The high word counts 2^32 ns, which is 4294 ms and 967296 ns. */
const HIGH_WORD_MS = 4294;
const HIGH_WORD_REST_NS = 967_296;

/** An instant in ns since the epoch, as its two 32 bit words: a double cannot hold 61 bits. */
export interface NanoInstant {
  readonly high: number;
  readonly low: number;
}

/**
 * Ms since the epoch, off by at most 0.25 µs: the spacing of doubles today. Whole ms come out whole, for a start
 * that is cut to the ms before may fall into the minute before.
 */
export function instantMs({ high, low }: NanoInstant): number {
  const restNs = high * HIGH_WORD_REST_NS + low;
  const restMs = Math.floor(restNs / NS_PER_MS);
  return high * HIGH_WORD_MS + restMs + (restNs - restMs * NS_PER_MS) / NS_PER_MS;
}

/** Exact to the ns, because the difference is taken before it is rounded. */
function elapsedMs(from: NanoInstant, to: NanoInstant): number {
  const high = to.high - from.high;
  return high * HIGH_WORD_MS + (high * HIGH_WORD_REST_NS + to.low - from.low) / NS_PER_MS;
}

/** Ms since the epoch of an ISO time, with the µs that `Date` drops; NaN where it is none. */
export function isoInstantMs(text: string): number {
  const belowMs = /\.\d{3}(\d{1,6})/.exec(text)?.[1];
  return Date.parse(text) + (belowMs === undefined ? 0 : Number(`0.${belowMs}`));
}

/** No call takes longer: batches are answered within a day. What is longer is a wrong clock or a wrong unit. */
const DURATION_MS_MAX = 48 * 3_600_000;

/** When a span began, in ms since the epoch; one that does not say so ended about then. */
export function startMsOf(start: NanoInstant, end: NanoInstant): number {
  return instantMs(isMissing(start) ? end : start);
}

/**
 * The duration of a span in ms; null where it cannot be known: one of both is missing, or the end lies at the start,
 * before it or weeks behind it. Rounded to the ns.
 */
export function durationMsOf(start: NanoInstant, end: NanoInstant): number | null {
  if (isMissing(start) || isMissing(end)) return null;
  const duration = elapsedMs(start, end);
  return duration <= 0 || duration > DURATION_MS_MAX ? null : Math.round(duration * NS_PER_MS) / NS_PER_MS;
}

const isMissing = ({ high, low }: NanoInstant): boolean => high === 0 && low === 0;

/**
 * Reads `startTimeUnixNano` of OTLP/JSON: a string of digits by the specification, a number from some senders.
 * Null for anything that is no count of ns.
 */
export function parseNanoInstant(value: unknown): NanoInstant | null {
  if (value === undefined || value === null || value === '') return { high: 0, low: 0 };
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? wordsOf(BigInt(Math.round(value))) : null;
  }
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return null;
  return wordsOf(BigInt(value));
}

function wordsOf(nanos: bigint): NanoInstant | null {
  if (nanos >= 1n << 64n) return null;
  return { high: Number(nanos >> 32n), low: Number(nanos & 0xffffffffn) };
}
