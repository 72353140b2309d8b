import { listName } from '../../prices/price-list.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { type Finding, ok } from './finding.ts';

/** The price list in use, and whether it and the user's price file can be read. */
export async function checkPrices(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  await readPriceFile(settings);
  const { pricesFile } = settings;
  const list = listName(await readPriceList(settings));
  return [ok('prices', pricesFile === undefined ? list : `${pricesFile} is valid, over ${list}`)];
}
