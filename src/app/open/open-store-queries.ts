import { StoreQueries } from '../../metrics-api/store-queries.ts';
import { openStore, type StoreSettings } from './open-store.ts';

/** Asks the store from this thread: for Postgres, which does not block it. */
export async function openStoreQueries(settings: StoreSettings): Promise<StoreQueries> {
  const reader = await openStore(settings, 'read');
  return new StoreQueries({ reader });
}
