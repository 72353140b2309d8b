import type { PostgresOptions } from '../../metrics-store/postgres/postgres-connection.ts';
import { rereadSecret } from '../../settings/secret-file.ts';

/** How to log in to Postgres, for a process that runs long: from the file of the DSN, if one holds it. */
export function postgresLogin(
  dsn: string,
  { postgresDsnFile }: { readonly postgresDsnFile?: string },
): Pick<PostgresOptions, 'dsn' | 'readDsn'> {
  return postgresDsnFile === undefined ? { dsn } : { dsn, readDsn: rereadSecret(postgresDsnFile, dsn) };
}
