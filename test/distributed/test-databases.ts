import pg from 'pg';
import { type PostgresOptions, type RunningPostgres, startPostgres } from '../../scripts/services/postgres.ts';

/** A server with as many empty databases as a test file wants. */
export interface TestDatabases {
  readonly server: RunningPostgres;
  /** DSN of a new database; a copy of `template` (a DSN from here) takes a tenth of the time of migrating. */
  create(template?: string): Promise<string>;
  /** Drops the databases and ends the server, where it is its own. */
  close(): Promise<void>;
}

let files = 0;

export async function openTestDatabases(options: PostgresOptions = {}): Promise<TestDatabases> {
  const server = await startPostgres({ fsync: false, ...options });
  const admin = new pg.Pool({ connectionString: server.dsn, max: 1 });
  // A test may stop the server below it.
  admin.on('error', () => {});
  const prefix = `streamlens_test_${process.pid}_${files++}`;
  const names: string[] = [];
  return {
    server,
    create: async (template) => {
      const name = `${prefix}_${names.length}`;
      names.push(name);
      const source = template === undefined ? 'template1' : new URL(template).pathname.slice(1);
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${source}`);
      const url = new URL(server.dsn);
      url.pathname = `/${name}`;
      return url.href;
    },
    close: async () => {
      if (!server.isOwn) for (const name of names) await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
      await server.stop();
    },
  };
}

/** Runs one statement as psql would; rows as objects. */
export async function queryOnce(dsn: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql, values);
    return result.rows;
  } finally {
    await client.end();
  }
}
