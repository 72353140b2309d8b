import { stat } from 'node:fs/promises';
import type { Logger } from '../../http/logger.ts';
import { type ListSettings, priceListPath } from '../open/open-price-list.ts';
import type { PriceUpdate, UpdateOptions } from '../tasks/update-prices.ts';

const HOUR_MS = 3_600_000;
/** The wait after the first failure; it doubles with each, up to the time between two looks. */
const BACKOFF_MS = 10 * 60_000;
/** Models that a line of the log names. */
const NAMED_MAX = 10;

export type RefreshOutcome = 'stored' | 'refused' | 'same' | 'failed';

export interface RefreshPorts {
  readonly settings: ListSettings;
  /** Between two looks. */
  readonly everyMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onOutcome: (outcome: RefreshOutcome) => void;
  readonly update: (settings: ListSettings, options: UpdateOptions) => Promise<PriceUpdate>;
}

export const refreshEveryMs = (hours: number): number => hours * HOUR_MS;

/**
 * Looks for a newer price list again and again until the stop. What is found is stored, from where whoever counts reads
 * it; one in which a price moves too far waits for somebody who looks at it. Nothing that goes wrong here stops
 * anything: the list in use stays in use, and the next look comes later with each failure.
 *
 * A list that was stored tells by its time when the last look was, so that a process that restarts often asks no more
 * often than others.
 */
export async function refreshPrices({ everyMs, signal, ...ports }: RefreshPorts): Promise<void> {
  let failures = 0;
  let waitMs = await untilFirstLookMs(ports, everyMs);
  while (!signal.aborted) {
    await ports.sleep(waitMs, signal);
    if (signal.aborted) return;
    try {
      ports.onOutcome(await look(ports, signal));
      failures = 0;
      waitMs = everyMs;
    } catch (error) {
      if (signal.aborted) return;
      waitMs = Math.min(everyMs, BACKOFF_MS * 2 ** failures++);
      ports.onOutcome('failed');
      const minutes = Math.round(waitMs / 60_000);
      ports.logger.warn(
        `No newer price list: ${(error as Error).message}; the list in use stays. Next look in ${minutes} min`,
      );
    }
  }
}

type LookPorts = Omit<RefreshPorts, 'everyMs' | 'signal'>;

async function look({ settings, nowMs, update, logger }: LookPorts, signal: AbortSignal): Promise<RefreshOutcome> {
  const found = await update(settings, {
    file: null,
    isDryRun: false,
    isSure: false,
    isStoredAnyway: true,
    nowMs: nowMs(),
    signal,
  });
  if (found.outcome === 'in use already') return 'same';
  if (found.outcome === 'stored') {
    logger.info({ before: found.before, after: found.after, prices: found.moves.length }, 'Stored a newer price list');
    return 'stored';
  }
  const models = [...new Set(found.moves.filter(({ isLarge }) => isLarge).map(({ model }) => model))];
  const more = models.length > NAMED_MAX ? ` and ${models.length - NAMED_MAX} more` : '';
  logger.warn(
    `${found.after} is not taken into use: a price moves by more than a factor of 5 (${models.slice(0, NAMED_MAX).join(', ')}${more}). ` +
      'Look at it with "streamlens prices update --dry-run"; where it is right, add --yes',
  );
  return 'refused';
}

async function untilFirstLookMs({ settings, nowMs }: LookPorts, everyMs: number): Promise<number> {
  const path = priceListPath(settings);
  if (path === null) return 0;
  try {
    const { mtimeMs } = await stat(path);
    return Math.min(everyMs, Math.max(0, mtimeMs + everyMs - nowMs()));
  } catch {
    return 0;
  }
}
