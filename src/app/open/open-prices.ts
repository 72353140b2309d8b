import type { PriceBook } from '../../prices/price-book.ts';
import type { Settings } from '../../settings/settings-table.ts';

/**
 * The price book, loaded when it is first asked for: the library takes 80 ms and 33 MB, and most processes never
 * explain a cost. The user's file is read again each time that it is asked for after a change.
 */
export function openPrices(settings: Settings): () => Promise<PriceBook> {
  let book: { readonly fileText: string; readonly prices: PriceBook } | null = null;
  return async () => {
    const { createPriceBook } = await import('../../prices/layered-price-book.ts');
    const { loadPriceFile } = await import('../../prices/price-file.ts');
    const overrides = settings.pricesFile === undefined ? [] : await loadPriceFile(settings.pricesFile);
    const fileText = JSON.stringify(overrides);
    if (book === null || book.fileText !== fileText) book = { fileText, prices: createPriceBook({ overrides }) };
    return book.prices;
  };
}
