import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { openPostgresRoster } from '../../src/metrics-store/postgres/postgres-roster.ts';
import type { Roster } from '../../src/metrics-store/roster.ts';
import { until } from './pipeline/until.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);

suite('The roster in Postgres', { skip }, () => {
  let databases: TestDatabases;
  let dsn: string;
  before(async () => {
    databases = await openTestDatabases();
    dsn = await databases.create();
    await migratePostgres({ dsn });
  });
  after(() => databases?.close());

  const seen = async (roster: Roster, id: string) => (await roster.look(id)).others;

  test('shows who entered, who is gone with its connection, and who came back', async () => {
    const [one, two] = [await openPostgresRoster({ dsn }), await openPostgresRoster({ dsn })];
    assert.deepEqual(await seen(one, 'one'), []);
    assert.deepEqual(await seen(two, 'two'), [{ id: 'one', isGone: false }]);
    await two.close();
    await until('two is gone', async () => (await seen(one, 'one'))[0]?.isGone === true, 5_000);
    const back = await openPostgresRoster({ dsn });
    await back.look('two');
    assert.deepEqual(await seen(one, 'one'), [{ id: 'two', isGone: false }]);
    await one.remove('two');
    assert.deepEqual(await seen(one, 'one'), []);
    await one.remove('one');
    await Promise.all([one.close(), back.close()]);
  });

  test('has another sight once its connection broke, and enters by the new one', async () => {
    const [one, two] = [await openPostgresRoster({ dsn }), await openPostgresRoster({ dsn })];
    const { sight, serverUptimeMs } = await one.look('first');
    assert.ok(serverUptimeMs > 0);
    assert.equal((await one.look('first')).sight, sight);
    await queryOnce(dsn, 'SELECT pg_terminate_backend(backend_pid) FROM group_members WHERE member_id = $1', ['first']);
    const isAnother = async () => {
      const look = await one.look('first').catch(() => null);
      return look !== null && look.sight !== sight;
    };
    await until('the connection is another one', isAnother, 5_000);
    assert.deepEqual(await seen(two, 'second'), [{ id: 'first', isGone: false }]);
    await Promise.all([one.close(), two.close()]);
  });
});
