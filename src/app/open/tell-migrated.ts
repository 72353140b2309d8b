import type { Logger } from '../../http/logger.ts';

/** Logs that the store's schema is another one than before, which no older program can use. */
export function tellMigrated(logger: Logger): (versions: { readonly from: number; readonly to: number }) => void {
  return ({ from, to }) => {
    if (from !== to)
      logger.info({ from, to }, from === 0 ? "Created the store's schema" : "Upgraded the store's schema");
  };
}
