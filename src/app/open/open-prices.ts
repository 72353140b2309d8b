import type { PriceBook } from '../../prices/price-book.ts';
import type { PriceOverride } from '../../prices/price-override.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { type ListSettings, readPriceList } from './open-price-list.ts';

type PriceSettings = Pick<SettingsOf<'up' | 'metrics-processor' | 'prices' | 'doctor'>, 'pricesFile'> & ListSettings;

/**
 * The user's prices at the start; none where no file is named.
 *
 * @throws {SettingError} when the file is missing or wrong: with the list prices instead, all costs would be wrong, and
 *   stored
 */
export async function readPriceFile({
  pricesFile,
}: Pick<PriceSettings, 'pricesFile'>): Promise<readonly PriceOverride[]> {
  if (pricesFile === undefined) return [];
  // Where there is none, neither the reader of YAML nor the schema of the file is loaded.
  const { loadPriceFile } = await import('../../prices/price-file.ts');
  try {
    return await loadPriceFile(pricesFile);
  } catch (error) {
    const reason = (error as Error).message.replaceAll('\n', '; ').replaceAll(`${pricesFile} `, '');
    throw new SettingError(`PRICES_FILE must be a price file as docs/pricing.md has it; got ${reason}`);
  }
}

/**
 * The price book. The user's file is read at once, and looked at again each time that the book is asked for; one that
 * breaks later changes nothing. The library is loaded when the book is first asked for: it takes 80 ms and 33 MB, and
 * most processes never explain a cost.
 *
 * @throws {SettingError} as `readPriceFile`
 */
export async function openPrices(settings: PriceSettings): Promise<() => Promise<PriceBook>> {
  let overrides = await readPriceFile(settings);
  const list = await readPriceList(settings);
  let book: PriceBook | null = null;
  const watch = await watchOf(settings, (changed) => {
    overrides = changed;
    book = null;
  });
  return async () => {
    await watch?.check();
    if (book === null) {
      const { createPriceBook } = await import('../../prices/layered-price-book.ts');
      book = createPriceBook({ overrides, list });
    }
    return book;
  };
}

async function watchOf({ pricesFile }: PriceSettings, onPrices: (changed: readonly PriceOverride[]) => void) {
  if (pricesFile === undefined) return null;
  const { watchPriceFile } = await import('../../prices/price-file-watch.ts');
  // The processor, which looks at the same file, tells what is wrong with it.
  return watchPriceFile({ path: pricesFile, onPrices, onError: () => undefined });
}
