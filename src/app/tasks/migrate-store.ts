import type { SettingsOf } from '../../settings/settings-table.ts';
import { takeDataDirectory } from '../open/data-directory.ts';
import { storePath } from '../open/open-store.ts';

/** Creates or upgrades the schema. @returns a sentence about what was done */
export async function migrateStore(settings: SettingsOf<'migrate'>): Promise<string> {
  if (settings.postgresDsn !== undefined) {
    const { migratePostgres } = await import('../../metrics-store/postgres/migrate-postgres.ts');
    return sentence('Postgres', await migratePostgres({ dsn: settings.postgresDsn }));
  }
  const release = takeDataDirectory(settings.dataDir);
  try {
    const { migrateSqlite } = await import('../../metrics-store/sqlite/migrate-sqlite.ts');
    return sentence(storePath(settings), migrateSqlite(storePath(settings)));
  } finally {
    release();
  }
}

function sentence(what: string, { from, to }: { from: number; to: number }): string {
  return from === to
    ? `${what} has schema version ${to} already`
    : `${what} is now at schema version ${to} (was ${from})`;
}
