import { after, before } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { exportContract } from '../../src/metrics-api/export/export.contract.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openTestDatabases, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
let databases: TestDatabases;
let migrated: string;

if (skip === false) {
  before(async () => {
    databases = await openTestDatabases();
    migrated = await databases.create();
    await migratePostgres({ dsn: migrated });
  });
  after(() => databases.close());
}

exportContract({
  name: 'Postgres',
  skip,
  open: async (options) => openPostgresMetricsStore({ dsn: await databases.create(migrated), ...options }),
});
