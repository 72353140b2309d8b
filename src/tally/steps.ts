import {
  coarsestResolutionMs,
  DAY_MS,
  MINUTE_MS,
  READ_RESOLUTIONS_MS,
  type ReadResolutionMs,
  type ResolutionMs,
  storedResolutionMs,
  windowStartMs,
} from './window.ts';

/** A half-open stretch of time, in ms since the epoch. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A part of a range that is read from the rows of one resolution, of which its ends are multiples. */
export interface Stretch extends TimeRange {
  readonly resolutionMs: ReadResolutionMs;
}

/** A part of a range that is read from a table. */
export interface StoredStretch extends TimeRange {
  readonly resolutionMs: ResolutionMs;
}

/** How time is divided into the windows of an answer, the steps. They follow each other without a gap. */
export interface Steps {
  /** The step that holds the instant. */
  at(atMs: number): TimeRange;

  /**
   * The range in parts, from its beginning or its end, so that no stored row of a part lies in two steps, and that
   * there are as few rows as can be. Both ends of the range are whole minutes.
   */
  stretches(range: TimeRange, order: 'asc' | 'desc'): Iterable<Stretch>;
}

/** Steps of equal length, aligned to UTC. A multiple of a minute. */
export function fixedSteps(stepMs: number): Steps {
  const coarsestMs = coarsestResolutionMs(stepMs);
  return {
    at(atMs) {
      const fromMs = windowStartMs(atMs, stepMs);
      return { fromMs, toMs: fromMs + stepMs };
    },
    stretches: (range, order) => cutRange(range, coarsestMs, order),
  };
}

/** All of time as one step: what is left of it is the range that is asked for. */
export function oneStep(): Steps {
  const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
  return { at: () => all, stretches: (range, order) => cutRange(range, DAY_MS, order) };
}

/**
 * The range as whole days, the hours beside them and the minutes at its edges, those by five where they are: a month
 * costs some 30 + 46 + 118 rows a series instead of 43,200. Resolutions above `coarsestMs` are not used.
 */
export function cutRange(range: TimeRange, coarsestMs: ReadResolutionMs, order: 'asc' | 'desc' = 'asc'): Stretch[] {
  const parts = cut(range, READ_RESOLUTIONS_MS.indexOf(coarsestMs));
  return order === 'asc' ? parts : parts.toReversed();
}

function cut({ fromMs, toMs }: TimeRange, level: number): Stretch[] {
  if (fromMs >= toMs) return [];
  const resolutionMs = READ_RESOLUTIONS_MS[level] ?? MINUTE_MS;
  if (level <= 0) return [{ fromMs, toMs, resolutionMs }];
  const innerFromMs = Math.ceil(fromMs / resolutionMs) * resolutionMs;
  const innerToMs = Math.floor(toMs / resolutionMs) * resolutionMs;
  if (innerFromMs >= innerToMs) return cut({ fromMs, toMs }, level - 1);
  return [
    ...cut({ fromMs, toMs: innerFromMs }, level - 1),
    { fromMs: innerFromMs, toMs: innerToMs, resolutionMs },
    ...cut({ fromMs: innerToMs, toMs }, level - 1),
  ];
}

/** The same for a store that keeps nothing but its tables: what is read from one of them at once. */
export function* storedStretches(stretches: Iterable<Stretch>): Generator<StoredStretch, void> {
  let held: StoredStretch | null = null;
  for (const stretch of stretches) {
    const next = storedStretch(stretch);
    const joined: StoredStretch | null = held === null ? next : joinedStretch(held, next);
    if (held !== null && joined === null) yield held;
    held = joined ?? next;
  }
  if (held !== null) yield held;
}

export function storedStretch(stretch: Stretch): StoredStretch {
  return { ...stretch, resolutionMs: storedResolutionMs(stretch.resolutionMs) };
}

/** Null where they are not read from one table or do not follow each other. */
export function joinedStretch(a: StoredStretch, b: StoredStretch): StoredStretch | null {
  if (a.resolutionMs !== b.resolutionMs || (a.toMs !== b.fromMs && b.toMs !== a.fromMs)) return null;
  return { ...a, fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}
