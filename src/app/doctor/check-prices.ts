import { listName } from '../../prices/price-list.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { readPriceFile } from '../open/open-prices.ts';
import { type Finding, note, ok } from './finding.ts';

const DAY_MS = 86_400_000;
/** Providers change prices some times a year, and new models come every month. */
const LIST_DAYS_MAX = 90;

/** The price list in use, its age, and whether it and the user's price file can be read. */
export async function checkPrices(settings: SettingsOf<'doctor'>, nowMs: number): Promise<readonly Finding[]> {
  await readPriceFile(settings);
  const { pricesFile } = settings;
  const list = await readPriceList(settings);
  const text = pricesFile === undefined ? listName(list) : `${pricesFile} is valid, over ${listName(list)}`;
  return [checkListAge(list.date, text, nowMs)];
}

export function checkListAge(date: string, text: string, nowMs: number): Finding {
  const days = Math.floor((nowMs - Date.parse(date)) / DAY_MS);
  if (!(days > LIST_DAYS_MAX)) return ok('prices', text);
  return note('prices', `${text}, which is ${days} days old; "streamlens prices update" takes a newer one into use`);
}
