import { after, before, describe } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { apiKeysContract } from '../../src/metrics-store/api-keys.contract.ts';
import { deadLetterReplaysContract } from '../../src/metrics-store/dead-letter-replays.contract.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresApiKeys } from '../../src/metrics-store/postgres/postgres-api-keys.ts';
import { openPostgresDeadLetterReplays } from '../../src/metrics-store/postgres/postgres-dead-letter-replays.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);

describe('The small ports on Postgres', { skip }, () => {
  let databases: TestDatabases;
  let dsn = '';

  before(async () => {
    databases = await openTestDatabases();
    dsn = await databases.create();
    await migratePostgres({ dsn });
  });
  after(() => databases?.close());

  apiKeysContract({
    name: 'Postgres',
    open: async () => {
      await queryOnce(dsn, 'TRUNCATE api_keys');
      return openPostgresApiKeys({ dsn });
    },
  });

  deadLetterReplaysContract({
    name: 'Postgres',
    open: async () => {
      await queryOnce(dsn, 'TRUNCATE dead_letter_replays');
      return openPostgresDeadLetterReplays({ dsn });
    },
  });
});
