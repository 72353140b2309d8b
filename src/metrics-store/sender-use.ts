import type { MeterPart } from '../events/meter-part.ts';
import { addSenderCalls, SenderCalls } from '../tally/sender-calls.ts';
import type { TimeRange } from '../tally/steps.ts';
import { storableText } from './storable-text.ts';
import type { TenantFilter } from './tenant-filter.ts';

/** Who used something: `service` is the coding agent or the service, `session` that of the agent, or ''. */
export interface Sender {
  readonly tenantId: string;
  readonly hourStartMs: number;
  readonly service: string;
  readonly session: string;
}

/** To be added to what was seen of a sender as calls. */
export interface SenderCallsDelta extends Sender {
  readonly sums: SenderCalls;
}

/**
 * What one series of a sender's own metrics says about one hour, as a register that only grows: the stored one
 * becomes the larger of both, for each interval. So repeated, late and concurrent writes come to the same.
 */
export interface MeterDelta extends Sender {
  /** Names the series; that of a cumulative one its start too, so that a counter that begins anew is another one. */
  readonly stream: string;
  readonly scope: string;
  /** Of several metrics that count the same tokens the one with the least is believed. */
  readonly precedence: number;
  readonly part: MeterPart;
  readonly isDelta: boolean;
  /** Of a cumulative series the most that it had come to in this hour; 0 of a delta series. */
  readonly total: number;
  /** Of a delta series what was added, by interval; empty of a cumulative one. */
  readonly intervals: ReadonlyMap<string, number>;
  /** Points that found no room, repetitions included: what the series says is at least what is kept. */
  readonly lost: number;
}

/** What a sender used by its own metrics; null is what they do not tell. */
export interface MeteredUse {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedPromptTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly costNanoUsd: number | null;
}

/** The parts that each sum is made of. */
export const METERED_PARTS: Readonly<Record<keyof MeteredUse, readonly MeterPart[]>> = {
  promptTokens: ['prompt', 'cached_beside', 'cache_write_beside'],
  completionTokens: ['completion', 'reasoning_beside'],
  cachedPromptTokens: ['cached', 'cached_beside'],
  cacheWriteTokens: ['cache_write', 'cache_write_beside'],
  reasoningTokens: ['reasoning', 'reasoning_beside'],
  costNanoUsd: ['cost'],
};

export const METERED_FIELDS = Object.keys(METERED_PARTS) as readonly (keyof MeteredUse)[];

export interface CoverageQuery extends TimeRange {
  readonly tenantId: TenantFilter;
  readonly service: string | null;
  readonly session: string | null;
}

export interface CoveragePageQuery extends CoverageQuery {
  readonly limit: number;
  /** Rows after this one. */
  readonly after: Sender | null;
}

/**
 * One sender by both witnesses. Where the metrics of a sender name no session, the calls of its sessions that have no
 * metrics of their own stand beside them.
 */
export interface CoverageRow extends Sender, CoverageSums {}

/** A sender over all hours and sessions. */
export interface CoverageTotal extends CoverageSums {
  readonly tenantId: string;
  readonly service: string;
  /**
   * Tokens of its calls, prompt and completion, in the sessions that its metrics tell of: what these can be compared
   * with.
   */
  readonly witnessedTokens: number;
}

export interface CoverageSums {
  /** Null where nothing was seen as a call. */
  readonly calls: SenderCalls | null;
  /** Null where no metric came. */
  readonly metered: MeteredUse | null;
  /** Points of metrics that found no room, repetitions included. */
  readonly lostPoints: number;
}

/** How near the registers of the latest hours are to their bounds. */
export interface MeterRoom {
  /** The most series that one tenant has in one hour; `METERS_PER_HOUR_MAX` is all. */
  readonly registers: number;
  readonly lostPoints: number;
}

/**
 * Rows of one tenant and hour: a sender that makes up sessions would else open one for each. What comes after is
 * added up under `__overflow__`; of metrics, whose series cannot be added up, a row of that name says that something
 * is missing.
 */
export const SENDERS_PER_HOUR_MAX = 10_000;
export const METERS_PER_HOUR_MAX = 20_000;

/** Intervals of one delta series in one hour: one each 0.36 s. What comes after is not kept, and counted. */
export const INTERVALS_MAX = 10_000;

/** One row per sender and hour, as every store can keep it. */
export function foldSenderCalls(deltas: readonly SenderCallsDelta[]): readonly SenderCallsDelta[] {
  const folded = new Map<string, SenderCallsDelta>();
  for (const delta of deltas) {
    const sender = storableSender(delta);
    const key = senderKey(sender);
    let row = folded.get(key);
    if (row === undefined) folded.set(key, (row = { ...sender, sums: new SenderCalls() }));
    addSenderCalls(row.sums, delta.sums);
  }
  return [...folded.values()];
}

/** One row per series and hour, as every store can keep it. */
export function foldMeters(deltas: readonly MeterDelta[]): readonly MeterDelta[] {
  const folded = new Map<string, MeterDelta>();
  for (const delta of deltas) {
    const meter = { ...delta, ...storableSender(delta), scope: storableText(delta.scope) };
    const key = meterKey(meter);
    const known = folded.get(key);
    folded.set(key, known === undefined ? meter : mergedMeter(known, meter));
  }
  return [...folded.values()];
}

export function senderKey({ tenantId, hourStartMs, service, session }: Sender): string {
  return `${hourStartMs}\0${tenantId}\0${service}\0${session}`;
}

export function meterKey({ tenantId, hourStartMs, stream }: MeterDelta): string {
  return `${hourStartMs}\0${tenantId}\0${stream}`;
}

/** The larger of both, interval by interval. */
export function mergedMeter(known: MeterDelta, more: MeterDelta): MeterDelta {
  const { intervals, lost } = mergedIntervals(known.intervals, more.intervals);
  return {
    ...known,
    total: Math.max(known.total, more.total),
    intervals,
    lost: known.lost + more.lost + lost,
  };
}

/** How many points a register stands for, also where it finds no room itself. */
export function pointsOf({ isDelta, intervals, lost }: MeterDelta): number {
  return (isDelta ? intervals.size : 1) + lost;
}

interface MergedIntervals {
  readonly intervals: ReadonlyMap<string, number>;
  readonly lost: number;
}

function mergedIntervals(known: ReadonlyMap<string, number>, more: ReadonlyMap<string, number>): MergedIntervals {
  if (more.size === 0) return { intervals: known, lost: 0 };
  const merged = new Map(known);
  let lost = 0;
  for (const [interval, value] of more) {
    if (merged.size >= INTERVALS_MAX && !merged.has(interval)) lost++;
    else merged.set(interval, Math.max(merged.get(interval) ?? 0, value));
  }
  return { intervals: merged, lost };
}

export function encodeIntervals(intervals: ReadonlyMap<string, number>): string {
  return intervals.size === 0 ? '{}' : JSON.stringify(Object.fromEntries(intervals));
}

/** What `intervals_max` does in SQLite. */
export function maxIntervals(a: string, b: string): string {
  if (a === '{}') return b;
  if (b === '{}') return a;
  return encodeIntervals(mergedIntervals(decodeIntervals(a), decodeIntervals(b)).intervals);
}

/** What `intervals_lost` does in SQLite: how many of `b` find no room beside those of `a`. */
export function lostIntervals(a: string, b: string): number {
  if (a.length + b.length < INTERVALS_MAX * INTERVAL_CHARS_MIN) return 0;
  return mergedIntervals(decodeIntervals(a), decodeIntervals(b)).lost;
}

/** `"0-1":1,` */
const INTERVAL_CHARS_MIN = 8;

/** What `intervals_sum` does in SQLite. */
export function sumIntervals(text: string): number {
  return Array.from(decodeIntervals(text).values()).reduce((sum, value) => sum + value, 0);
}

function decodeIntervals(text: string): Map<string, number> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
}

function storableSender({ tenantId, hourStartMs, service, session }: Sender): Sender {
  return {
    tenantId: storableText(tenantId),
    hourStartMs,
    service: storableText(service),
    session: storableText(session),
  };
}
