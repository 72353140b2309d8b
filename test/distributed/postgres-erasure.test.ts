import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type Audit, auditOf, getJson, post } from '../end-to-end/http-calls.ts';
import { settledRows } from '../end-to-end/load-oracle.ts';
import { type LoadItem, MixedLoad } from '../end-to-end/mixed-load.ts';
import { dataDirFor, outputOf, type Server, startServer } from '../end-to-end/running-server.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
const NDJSON = { 'content-type': 'application/x-ndjson' };
const GONE = 'globex';

describe('Deleting from Postgres', { skip }, () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await openTestDatabases();
  });
  after(async () => databases?.close());

  test('a tenant is gone from every table while the program runs, and counts anew when it comes back', async (t) => {
    const dsn = await databases.create();
    const [dataDir, env] = [dataDirFor(t), { POSTGRES_DSN: dsn }];
    const server = await startServer(dataDir, env);
    t.after(() => server.process.kill('SIGKILL'));
    const load = new MixedLoad(7);
    const first = load.next(400);
    await send(server, first);
    await settledRows(server.metrics, first);
    const shown = await outputOf(['delete', '--tenant', GONE, '--data-dir', dataDir, '--dry-run'], env);
    assert.match(shown, /metrics_1m +[1-9]/);
    await settledRows(server.metrics, first);
    const output = await outputOf(['delete', '--tenant', GONE, '--data-dir', dataDir], env);
    assert.match(output, /metrics_1m +[1-9]/);
    // Responses to the tenant's calls are nobody's then, and make no row.
    const rest = first.filter((item) => item.type !== 'request' || item.event.tenant_id !== GONE);
    await settledRows(server.metrics, rest);
    assert.equal((await getJson<Audit>(`${server.metrics}/v1/audit`)).balanced, true);
    const tenants = await queryOnce(dsn, 'SELECT tenant_id FROM tenants ORDER BY 1');
    assert.deepEqual(
      tenants.map(({ tenant_id: id }) => id),
      ['acme', 'Ünïcode & "quotes"'],
    );
    // The processor remembered the numbers of its series, which are gone.
    const second = load.next(400);
    await send(server, second);
    await settledRows(server.metrics, [...rest, ...second]);
  });

  test("a user's values in dimensions are gone, those of others and all sums stay", async (t) => {
    const dsn = await databases.create();
    const names = ['user', 'session', 'metadata.mail', 'metadata.plan'];
    const [dataDir, env] = [dataDirFor(t), { POSTGRES_DSN: dsn, METRIC_DIMENSIONS: names.join() }];
    const server = await startServer(dataDir, env);
    t.after(() => server.process.kill('SIGKILL'));
    const call = (id: string, user: string) => ({
      type: 'request',
      request_id: id,
      tenant_id: 'acme',
      route: 'chat',
      model: 'm',
      user_id_hash: user,
      session_id: `s-${user}`,
      metadata: { plan: 'pro', mail: `${user}@x` },
      timestamp: '2026-01-10T12:00:00Z',
    });
    const lines = [call('1', 'stays'), call('2', 'gone'), call('3', 'gone')].map((event) => ({
      line: JSON.stringify(event),
    }));
    await post(`${server.ingestion}/v1/llm/events`, lines.map(({ line }) => line).join('\n'), NDJSON);
    await auditOf(server.metrics, { requests: 3, responses: 0 });
    const deleted = await outputOf(['delete', '--user', 'gone', '--data-dir', dataDir], env);
    assert.match(deleted, /dimension_values +3\n/);
    const url = `${server.metrics}/v1/metrics/summary?tenant_id=acme&from=2026-01-10T00:00:00Z`;
    for (const [name, value] of [
      ['user', 'stays'],
      ['session', 's-stays'],
      ['metadata.mail', 'stays@x'],
    ] as const) {
      const { summary } = await getJson<{ summary: Record<string, unknown>[] }>(`${url}&group_by=${name}`);
      const found = summary.map((row) => [row[name], row['requests']]);
      assert.deepEqual(found, [
        ['__none__', 2],
        [value, 1],
      ]);
    }
    const { summary } = await getJson<{ summary: Record<string, unknown>[] }>(`${url}&group_by=metadata.plan`);
    assert.deepEqual(
      summary.map((row) => [row['metadata.plan'], row['requests']]),
      [['pro', 3]],
    );
  });
});

async function send(server: Server, items: readonly LoadItem[]): Promise<void> {
  const body = items.map(({ line }) => line).join('\n');
  assert.equal((await post(`${server.ingestion}/v1/llm/events`, body, NDJSON)).status, 202);
}
