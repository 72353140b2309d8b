import { after } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../scripts/services/postgres.ts';
import { metricsStoreContract } from '../../src/metrics-store/metrics-store.contract.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';

const postgres = await startPostgres({ fsync: false });
const admin = new pg.Client({ connectionString: postgres.dsn });
await admin.connect();
const prefix = `streamlens_test_${process.pid}`;
const created: string[] = [];

function dsnOf(database: string): string {
  const url = new URL(postgres.dsn);
  url.pathname = `/${database}`;
  return url.href;
}

/** A new database; as a copy of a migrated one it takes a tenth of the time. */
async function newDatabase(template = 'template1'): Promise<string> {
  const name = `${prefix}_${created.length}`;
  created.push(name);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return name;
}

after(async () => {
  for (const name of created) await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
  await postgres.stop();
});

const migrated = await newDatabase();
await migratePostgres({ dsn: dsnOf(migrated) });

metricsStoreContract({
  name: 'Postgres',
  open: async (options) => openPostgresMetricsStore({ dsn: dsnOf(await newDatabase(migrated)), ...options }),
});
