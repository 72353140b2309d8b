import type { SettingsOf } from '../../settings/settings-table.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { type Finding, ok } from './finding.ts';

/** The user's price file: whether it can be read. */
export async function checkPrices(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  await readPriceFile(settings);
  const { pricesFile } = settings;
  return [ok('prices', pricesFile === undefined ? 'the built-in prices' : `${pricesFile} is valid`)];
}
