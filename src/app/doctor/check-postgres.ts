import type { PostgresReport } from '../../metrics-store/postgres/inspect-postgres.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { postgresLogin } from '../open/postgres-login.ts';
import { broken, type Finding, note, ok } from './finding.ts';

/** The oldest that the tests run on. */
const MAJOR_TESTED = 15;
/** CREATE OR REPLACE AGGREGATE, by which functions are upgraded, came with 12. */
const MAJOR_MIN = 12;
/** By then limits per key, sessions and ages of commits are visibly wrong. */
const AHEAD_MS_BROKEN = 10_000;
const AHEAD_MS_MAX = 1_000;

/** The version of Postgres, and its clock beside this machine's. */
export async function checkPostgres(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  const { postgresDsn } = settings;
  if (postgresDsn === undefined) return [];
  const { inspectPostgres } = await import('../../metrics-store/postgres/inspect-postgres.ts');
  const report = await inspectPostgres({ ...postgresLogin(postgresDsn, settings), poolMax: 1 }, Date.now);
  return [checkPostgresVersion(report), checkPostgresClock(report)];
}

export function checkPostgresVersion({ version, major }: Pick<PostgresReport, 'version' | 'major'>): Finding {
  if (major < MAJOR_MIN) {
    return broken('postgres', `Postgres ${version} is too old; use ${MAJOR_TESTED} or newer`);
  }
  if (major < MAJOR_TESTED)
    return note(
      'postgres',
      `Postgres ${version} is older than ${MAJOR_TESTED}, the oldest that StreamLens is tested on`,
    );
  return ok('postgres', `Postgres ${version}`);
}

export function checkPostgresClock({ aheadMs, uncertainMs }: Pick<PostgresReport, 'aheadMs' | 'uncertainMs'>): Finding {
  const offMs = Math.max(0, Math.abs(aheadMs) - uncertainMs);
  const what = 'clock of Postgres';
  if (offMs <= AHEAD_MS_MAX) return ok(what, 'it agrees with that of this machine');
  const text = `it is ${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this machine; set both by NTP`;
  return offMs > AHEAD_MS_BROKEN ? broken(what, text) : note(what, text);
}
