import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { aDelta, commitNext } from '../../src/metrics-store/contract/builders.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
let databases: TestDatabases;
let dsn: string;

describe('The state of a shared store', { skip }, () => {
  before(async () => {
    // A server of its own: it is restarted, and others' transactions would change the state.
    databases = await openTestDatabases({ own: true, settings: { autovacuum: 'off' } });
    dsn = await databases.create();
    await migratePostgres({ dsn });
  });
  after(() => databases?.close());

  test('changes with the commit of any process, and not while nobody writes', async () => {
    const [reader, writer] = [await openPostgresMetricsStore({ dsn }), await openPostgresMetricsStore({ dsn })];
    await reader.readState();
    const ids = [await reader.readState(), await reader.readState()].map(({ id }) => id);
    await commitNext(writer, { tallies: [aDelta()] });
    ids.push((await reader.readState()).id);
    assert.deepEqual([ids[0] === ids[1], ids[1] === ids[2], ids.includes(null)], [true, false, false]);
    await Promise.all([reader.close(), writer.close()]);
  });

  test('changes when a transaction ends that was under way before, in whatever order they end', async () => {
    const reader = await openPostgresMetricsStore({ dsn });
    const writers = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const client = new Client({ connectionString: dsn });
        await client.connect();
        await client.query(`BEGIN; SELECT pg_current_xact_id()`);
        return client;
      }),
    );
    const seen = new Set([(await reader.readState()).id]);
    for (const writer of [writers[1], writers[2], writers[0]]) {
      await writer?.query('COMMIT');
      seen.add((await reader.readState()).id);
    }
    assert.equal(seen.size, 4);
    await Promise.all([...writers.map((writer) => writer.end()), reader.close()]);
  });

  test('is another one after a restart, though nothing was written', async () => {
    const reader = await openPostgresMetricsStore({ dsn });
    const old = (await reader.readState()).id;
    await databases.server.restart();
    assert.notEqual((await reader.readState()).id, old);
    await reader.close();
  });

  test('is left open by a server that replays the log of another one', async () => {
    const reader = await openPostgresMetricsStore({ dsn });
    await queryOnce(
      dsn,
      `CREATE SCHEMA standby; CREATE FUNCTION standby.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
    );
    const url = new URL(dsn);
    url.searchParams.set('options', '-c search_path=standby,pg_catalog,public');
    const standby = await openPostgresMetricsStore({ dsn: url.href, migrate: false });
    assert.equal((await standby.readState()).id, null);
    await Promise.all([reader.close(), standby.close()]);
  });
});
