import type { Roster, RosterEntry, RosterLook } from '../roster.ts';
import { connectPostgres, type PostgresConnection, type PostgresOptions } from './postgres-connection.ts';

/**
 * Writes only where the connection is a new one. Whoever may not see when a backend began (that of another user) takes
 * it for the one that entered.
 */
const LOOK = `
  WITH own AS (SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),
  entered AS (
    INSERT INTO group_members (member_id, backend_pid, backend_start)
    SELECT $1, pid, backend_start FROM own
    WHERE NOT EXISTS (
      SELECT FROM group_members m
      WHERE m.member_id = $1 AND m.backend_pid = own.pid AND m.backend_start = own.backend_start)
    ON CONFLICT (member_id) DO UPDATE
    SET backend_pid = excluded.backend_pid, backend_start = excluded.backend_start
    RETURNING member_id)
  SELECT own.pid || ' ' || own.backend_start,
    (extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000)::double precision,
    m.member_id,
    NOT EXISTS (
      SELECT FROM pg_stat_activity a
      WHERE a.pid = m.backend_pid AND coalesce(a.backend_start, m.backend_start) = m.backend_start)
  FROM own LEFT JOIN group_members m ON m.member_id <> $1
  ORDER BY m.member_id`;

const LOOK_MS_MAX = 5_000;

/** @throws {StorageError} when the server cannot be reached */
export async function openPostgresRoster(login: Pick<PostgresOptions, 'dsn' | 'readDsn'>): Promise<Roster> {
  // One connection, which stays the same as long as it can.
  return new PostgresRoster(await connectPostgres({ ...login, poolMax: 1, statementTimeoutMs: LOOK_MS_MAX }));
}

class PostgresRoster implements Roster {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async look(id: string): Promise<RosterLook> {
    const rows = await this.#connection.query(LOOK, [id]);
    const others = rows.flatMap(([, , member, isGone]): RosterEntry[] =>
      typeof member === 'string' ? [{ id: member, isGone: isGone === true }] : [],
    );
    return { sight: String(rows[0]?.[0]), serverUptimeMs: Number(rows[0]?.[1]), others };
  }

  async remove(id: string): Promise<void> {
    await this.#connection.query('DELETE FROM group_members WHERE member_id = $1', [id]);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
