import type { Roster } from '../../metrics-store/roster.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { postgresLogin } from './postgres-login.ts';

/** Where several processors may share the work: who of them lives. */
export async function openRoster(
  settings: SettingsOf<'up'> | SettingsOf<'metrics-processor'>,
): Promise<Roster | undefined> {
  const { kafkaBrokers, postgresDsn } = settings;
  if (kafkaBrokers === undefined || postgresDsn === undefined) return undefined;
  const { openPostgresRoster } = await import('../../metrics-store/postgres/postgres-roster.ts');
  return openPostgresRoster(postgresLogin(postgresDsn, settings));
}
