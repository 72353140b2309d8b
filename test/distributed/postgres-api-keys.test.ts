import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { apiKeysContract } from '../../src/metrics-store/api-keys.contract.ts';
import { deadLetterReplaysContract } from '../../src/metrics-store/dead-letter-replays.contract.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresApiKeys } from '../../src/metrics-store/postgres/postgres-api-keys.ts';
import { openPostgresDeadLetterReplays } from '../../src/metrics-store/postgres/postgres-dead-letter-replays.ts';
import { openPostgresDebts } from '../../src/metrics-store/postgres/postgres-debts.ts';
import { openPostgresSessions } from '../../src/metrics-store/postgres/postgres-sessions.ts';
import { sessionsContract } from '../../src/metrics-store/sessions.contract.ts';
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

  sessionsContract({
    name: 'Postgres',
    open: async () => {
      await queryOnce(dsn, 'TRUNCATE sessions');
      return openPostgresSessions({ dsn });
    },
  });

  test('what a sender owes adds up over processes, and is paid as time goes by', async (t) => {
    const [one, other] = [await openPostgresDebts({ dsn, poolMax: 1 }), await openPostgresDebts({ dsn, poolMax: 1 })];
    t.after(() => Promise.all([one.close(), other.close()]));
    const debt = (name: string, ms: number) => ({ name, ms });
    await one.add([debt('events a', 60_000), debt('events b', 1)]);
    const [owed] = await other.add([debt('events a', 60_000)]);
    assert.equal(owed?.name, 'events a');
    assert.ok(owed.ms > 60_000 && owed.ms <= 120_000, `${owed.ms} ms`);
    const later = await one.add([debt('events a', 0)]);
    assert.ok((later[0]?.ms ?? 0) <= owed.ms);
    const [most] = await other.add([debt('events a', 1e9)]);
    assert.ok((most?.ms ?? 0) <= 301_000, 'nobody waits longer than five minutes');
    // Both name the same two, in either order: neither may wait for the other for ever.
    const [a, b] = [debt('events a', 1), debt('events b', 1)];
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one.add([a, b]) : other.add([b, a]))));
  });

  deadLetterReplaysContract({
    name: 'Postgres',
    open: async () => {
      await queryOnce(dsn, 'TRUNCATE dead_letter_replays');
      return openPostgresDeadLetterReplays({ dsn });
    },
  });
});
