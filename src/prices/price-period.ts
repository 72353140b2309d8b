import type { Price } from './price-book.ts';

/**
 * A stretch of time with one price list. `bands` ascend by `bandFromTokens` and begin with 0; null where what is
 * billed then is not tokens (audio hours, pages), so that tokens have no price.
 */
export interface PricePeriod {
  readonly when: PeriodTime;
  readonly bands: readonly [Price, ...Price[]] | null;
}

export type PeriodTime =
  | { readonly kind: 'always' }
  | { readonly kind: 'from'; readonly fromMs: number }
  /** Every day in UTC, half open; where the end comes before the start it runs over midnight. */
  | { readonly kind: 'daily'; readonly startMs: number; readonly endMs: number };

/** The same periods with each of their prices changed. */
export function withEachPrice(
  periods: readonly PricePeriod[],
  changed: (price: Price) => Price,
): readonly PricePeriod[] {
  return periods.map(({ when, bands }) => {
    if (bands === null) return { when, bands };
    const [base, ...higher] = bands;
    return { when, bands: [changed(base), ...higher.map(changed)] };
  });
}

/** The last period that holds at `atMs`, or null. Later ones are corrections of earlier ones. */
export function periodAt(periods: readonly PricePeriod[], atMs: number): PricePeriod | null {
  for (let i = periods.length - 1; i >= 0; i--) {
    const period = periods[i];
    if (period !== undefined && holdsAt(period.when, atMs)) return period;
  }
  return null;
}

export function bandFor(bands: readonly [Price, ...Price[]], promptTokens: number): Price {
  let band = bands[0];
  for (const candidate of bands) {
    if (candidate.bandFromTokens > promptTokens) break;
    band = candidate;
  }
  return band;
}

function holdsAt(when: PeriodTime, atMs: number): boolean {
  if (when.kind === 'always') return true;
  if (when.kind === 'from') return atMs >= when.fromMs;
  const timeMs = atMs % DAY_MS;
  return when.endMs < when.startMs
    ? timeMs >= when.startMs || timeMs < when.endMs
    : timeMs >= when.startMs && timeMs < when.endMs;
}

export const DAY_MS = 86_400_000;
