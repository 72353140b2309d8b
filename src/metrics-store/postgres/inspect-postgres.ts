import { connectPostgres, type PostgresOptions } from './postgres-connection.ts';

/** What a server tells of itself. */
export interface PostgresReport {
  /** As it writes it: `15.14 (Debian 15.14-0+deb12u1)`. */
  readonly version: string;
  readonly major: number;
  /** How far its clock is ahead of this machine's, give or take `uncertainMs`. */
  readonly aheadMs: number;
  readonly uncertainMs: number;
}

const SELECT = `
  SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,
    (extract(epoch FROM clock_timestamp()) * 1000)::double precision`;

/** @throws {StorageError} where it does not answer */
export async function inspectPostgres(options: PostgresOptions, nowMs: () => number): Promise<PostgresReport> {
  const connection = await connectPostgres(options);
  try {
    const askedAtMs = nowMs();
    const [row] = await connection.query(SELECT, []);
    const answeredAtMs = nowMs();
    const [version, major, clockMs] = row ?? [];
    return {
      version: String(version),
      major: Number(major),
      aheadMs: Number(clockMs) - (askedAtMs + answeredAtMs) / 2,
      uncertainMs: (answeredAtMs - askedAtMs) / 2,
    };
  } finally {
    await connection.close();
  }
}
