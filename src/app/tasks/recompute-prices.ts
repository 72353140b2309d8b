import { existsSync } from 'node:fs';
import { listName } from '../../prices/price-list.ts';
import { type RecomputePorts, type RecomputeQuery, type RecomputeReport, recompute } from '../../prices/recompute.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { openPrices } from '../open/open-prices.ts';
import { openStore, storePath } from '../open/open-store.ts';
import { callDimensions } from './call-dimensions.ts';

export interface ListedReport extends RecomputeReport {
  /** By which prices: the list's name, and the user's file in front of it. */
  readonly priceList: string;
}

/**
 * Prices what the store holds again, with the price file and the built-in prices of now. Other processes may go on
 * working.
 */
export async function recomputePrices(
  settings: SettingsOf<'prices'>,
  query: RecomputeQuery,
  progress: Pick<RecomputePorts, 'onPages' | 'onPageDone'>,
): Promise<ListedReport> {
  requireStore(settings);
  const prices = await (await openPrices(settings))();
  const list = listName(await readPriceList(settings));
  const priceList = settings.pricesFile === undefined ? list : `${settings.pricesFile} and ${list}`;
  const store = await openStore({ ...settings, migrate: false }, 'write');
  try {
    const names = settings.metricDimensions ?? [];
    const dimensions = { names, valuesOf: callDimensions(names) };
    return { ...(await recompute(query, { store, prices, nowMs: Date.now, dimensions, ...progress })), priceList };
  } finally {
    await store.close();
  }
}

/** @throws {SettingError} where there is no embedded store, rather than create an empty one */
export function requireStore(settings: Pick<SettingsOf<'prices' | 'dead-letters'>, 'postgresDsn' | 'dataDir'>): void {
  if (settings.postgresDsn !== undefined || existsSync(storePath(settings))) return;
  throw new SettingError(
    `There is no metrics store in STREAMLENS_DATA_DIR ${settings.dataDir}; name its directory, or POSTGRES_DSN for Postgres`,
  );
}
