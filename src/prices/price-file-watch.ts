import { type FileWatch, watchFile } from './file-watch.ts';
import { loadPriceFile } from './price-file.ts';
import type { PriceOverride } from './price-override.ts';

export interface PriceFileWatchOptions {
  readonly path: string;
  /** The file changed and is valid: make a new book from it. */
  readonly onPrices: (overrides: readonly PriceOverride[]) => void;
  /** The file changed and cannot be used (a `PriceFileError`), or is gone: the old prices stay. Once per change. */
  readonly onError: (error: Error) => void;
  /** How often to look, in ms. */
  readonly pollMs?: number;
}

/** Tells when the price file changes. Call it right after the first `loadPriceFile`. */
export function watchPriceFile({ path, onPrices, onError, pollMs }: PriceFileWatchOptions): FileWatch {
  return watchFile({
    path,
    load: loadPriceFile,
    onChange: onPrices,
    onError,
    ...(pollMs === undefined ? {} : { pollMs }),
  });
}
