import { StoreQueries } from '../../metrics-api/store-queries.ts';
import type { Settings } from '../../settings/settings-table.ts';
import { openStore } from './open-store.ts';

/** Asks the store from this thread: for Postgres, which does not block it. */
export async function openStoreQueries(settings: Settings): Promise<StoreQueries> {
  const reader = await openStore(settings, 'read');
  return new StoreQueries({ reader });
}
