import type { Logger } from '../../http/logger.ts';
import type { Migrated } from '../../metrics-store/migrated.ts';

/** Logs that the store's schema is another one than before, which no older program can use. */
export function tellMigrated(logger: Logger): (versions: Migrated) => void {
  return ({ from, to }) => {
    logger.info({ from, to }, from === 0 ? "Created the store's schema" : "Upgraded the store's schema");
  };
}
