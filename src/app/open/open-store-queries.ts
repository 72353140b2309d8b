import type { Logger } from '../../http/logger.ts';
import { StoreQueries } from '../../metrics-api/store-queries.ts';
import { openStore, type StoreSettings } from './open-store.ts';
import { type PriceSettings, pricesWhenWanted } from './prices-when-wanted.ts';

/** Asks the store from this thread: for Postgres, which does not block it. */
export async function openStoreQueries(settings: StoreSettings & PriceSettings, logger: Logger): Promise<StoreQueries> {
  const reader = await openStore(settings, 'read', { logger });
  return new StoreQueries({ reader, prices: pricesWhenWanted(settings, Date.now) });
}
