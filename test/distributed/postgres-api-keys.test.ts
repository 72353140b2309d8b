import { after } from 'node:test';
import pg from 'pg';
import { startPostgres } from '../../scripts/services/postgres.ts';
import { apiKeysContract } from '../../src/metrics-store/api-keys.contract.ts';
import { deadLetterReplaysContract } from '../../src/metrics-store/dead-letter-replays.contract.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresApiKeys } from '../../src/metrics-store/postgres/postgres-api-keys.ts';
import { openPostgresDeadLetterReplays } from '../../src/metrics-store/postgres/postgres-dead-letter-replays.ts';

const postgres = await startPostgres({ fsync: false });
const database = `streamlens_keys_${process.pid}`;
const admin = new pg.Client({ connectionString: postgres.dsn });
await admin.connect();
await admin.query(`CREATE DATABASE ${database}`);
const url = new URL(postgres.dsn);
url.pathname = `/${database}`;
const dsn = url.href;
await migratePostgres({ dsn });
const tables = new pg.Client({ connectionString: dsn });
await tables.connect();

after(async () => {
  await tables.end();
  await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
  await admin.end();
  await postgres.stop();
});

apiKeysContract({
  name: 'Postgres',
  open: async () => {
    await tables.query('TRUNCATE api_keys');
    return openPostgresApiKeys({ dsn });
  },
});

deadLetterReplaysContract({
  name: 'Postgres',
  open: async () => {
    await tables.query('TRUNCATE dead_letter_replays');
    return openPostgresDeadLetterReplays({ dsn });
  },
});
