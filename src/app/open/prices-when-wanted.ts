import type { PriceBook } from '../../prices/price-book.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

export type PriceSettings = Pick<SettingsOf<'metrics-api' | 'export'>, 'pricesFile' | 'priceListFile'> & {
  readonly dataDir?: string;
};

/** Another process may have fetched a newer list meanwhile. */
const FRESH_MS = 60_000;

/** The price book for who rarely needs one: lists and their library are loaded when it is first asked for. */
export function pricesWhenWanted(settings: PriceSettings, nowMs: () => number): () => Promise<PriceBook> {
  let book: Promise<PriceBook> | null = null;
  let openedAtMs = 0;
  return () => {
    if (book === null || nowMs() - openedAtMs > FRESH_MS) {
      openedAtMs = nowMs();
      const opened = open(settings);
      book = opened;
      // What is wrong with a file may be mended.
      opened.catch(() => (book = null));
    }
    return book;
  };
}

async function open(settings: PriceSettings): Promise<PriceBook> {
  const { openPrices } = await import('./open-prices.ts');
  return (await openPrices(settings))();
}
