import { after } from 'node:test';
import { metricsStoreContract } from '../../src/metrics-store/metrics-store.contract.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openTestDatabases } from './test-databases.ts';

const databases = await openTestDatabases();
after(() => databases.close());

const migrated = await databases.create();
await migratePostgres({ dsn: migrated });

metricsStoreContract({
  name: 'Postgres',
  open: async (options) => openPostgresMetricsStore({ dsn: await databases.create(migrated), ...options }),
});
