import { invariant } from './invariant.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The sizes that are stored, finest first. Each divides the next, so a coarser row is a sum of finer ones. */
export const RESOLUTIONS_MS = [MINUTE_MS, HOUR_MS, DAY_MS] as const;
export type ResolutionMs = (typeof RESOLUTIONS_MS)[number];

/**
 * What is read at a time: the sizes that are stored, and five minutes, of which stores may keep sums for days that are
 * over. All steps and the offsets of time zones are multiples of them.
 */
export const READ_RESOLUTIONS_MS = [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS] as const;
export type ReadResolutionMs = (typeof READ_RESOLUTIONS_MS)[number];

/**
 * Start of the tumbling, half-open window that holds `atMs`, aligned to UTC. Both in ms, `atMs` since the epoch.
 * An event on the boundary opens the next window.
 */
export function windowStartMs(atMs: number, sizeMs: number): number {
  invariant(Number.isFinite(atMs) && atMs >= 0, 'an instant is a number of ms since the epoch');
  invariant(Number.isSafeInteger(sizeMs) && sizeMs > 0, 'a window has a size');
  return Math.floor(atMs / sizeMs) * sizeMs;
}

/** The coarsest resolution whose windows fill `stepMs` exactly; the minute fits every step. */
export function coarsestResolutionMs(stepMs: number): ReadResolutionMs {
  return READ_RESOLUTIONS_MS.findLast((resolutionMs) => stepMs % resolutionMs === 0) ?? MINUTE_MS;
}

/** The rows that are there whatever else is kept. */
export function storedResolutionMs(resolutionMs: ReadResolutionMs): ResolutionMs {
  return resolutionMs === 5 * MINUTE_MS ? MINUTE_MS : resolutionMs;
}

/**
 * The minute in which a series counts as active: that of the event, or of its commit where it claims to come from
 * later. One event dated 2199 would else be the newest for ever.
 */
export function activeWindowMs(windowOfEventMs: number, committedAtMs: number): number {
  return Math.min(windowOfEventMs, windowStartMs(committedAtMs, MINUTE_MS));
}
