import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PriceList } from '../../prices/price-list.ts';
import { SettingError } from '../../settings/read-settings.ts';

export interface ListSettings {
  readonly priceListFile: string | undefined;
  /** A command without one has to be told the file. */
  readonly dataDir?: string;
  /** A process that refreshes the list by itself. */
  readonly pricesRefreshHours?: number;
}

/** Where `prices update` stores the list, and the processor looks for it; null where there is no such place. */
export function priceListPath({ priceListFile, dataDir }: ListSettings): string | null {
  if (priceListFile !== undefined) return priceListFile;
  return dataDir === undefined ? null : join(dataDir, 'price-list.json');
}

/**
 * @throws {SettingError} when there is a list and it cannot be used: with other prices all costs would be wrong, and
 *   stored
 */
export async function readPriceList(settings: ListSettings): Promise<PriceList> {
  const path = priceListPath(settings);
  if (path === null) {
    if (isWithoutFile(settings)) return (await import('../../prices/price-list.ts')).BUILT_IN_LIST;
    throw new SettingError('PRICES_REFRESH_HOURS needs PRICE_LIST_FILE, the place of what it finds; got none');
  }
  const { loadPriceList } = await import('../../prices/price-list-file.ts');
  try {
    return await loadPriceList(path);
  } catch (error) {
    const reason = `${path}: ${(error as Error).message}`;
    throw new SettingError(`PRICE_LIST_FILE must be what "streamlens prices update" wrote; got ${reason}`);
  }
}

/**
 * For who tells what is wrong with the list, and leaves working with it to others: where there is no file nothing is
 * loaded, for the built-in list takes 3 MB.
 *
 * @throws {SettingError} as `readPriceList`
 */
export async function checkPriceList(settings: ListSettings): Promise<void> {
  const path = priceListPath(settings);
  if (path === null ? isWithoutFile(settings) : !existsSync(path)) return;
  await readPriceList(settings);
}

/** Of who has no place for a list. */
function isWithoutFile({ pricesRefreshHours = 0 }: ListSettings): boolean {
  return pricesRefreshHours === 0;
}
