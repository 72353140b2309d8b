import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import pg from 'pg';
import { parse } from 'yaml';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { CALL_EQUALITIES } from '../../src/metrics-store/call-filters.ts';
import {
  aCall,
  aDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  minute,
  SERIES,
} from '../../src/metrics-store/contract/builders.ts';
import { migratePostgres } from '../../src/metrics-store/postgres/migrate-postgres.ts';
import { packHistogram } from '../../src/metrics-store/postgres/packed-histogram.ts';
import { SELECT_NEWEST_OF_SESSION, SELECT_SLOWEST } from '../../src/metrics-store/postgres/postgres-calls.ts';
import { openPostgresMetricsStore } from '../../src/metrics-store/postgres/postgres-metrics-store.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { Histogram } from '../../src/tally/histogram.ts';
import { dumpSchema } from './dump-schema.ts';
import { openTestDatabases, queryOnce, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);
let databases: TestDatabases;

describe('The Postgres schema', { skip }, () => {
  before(async () => {
    databases = await openTestDatabases();
  });
  after(() => databases?.close());

  test('is the committed schema.sql (UPDATE_SCHEMA=1 writes it)', async () => {
    const dsn = await databases.create();
    await migratePostgres({ dsn });
    const dump = await dumpSchema(dsn);
    const file = new URL('../../src/metrics-store/postgres/schema.sql', import.meta.url);
    if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(file, dump);
    assert.equal(dump, readFileSync(file, 'utf8'));
  });

  test('finds the calls of a session by its index, also by a plan that is kept for any value', async () => {
    const dsn = await databases.create();
    await migratePostgres({ dsn });
    const client = new pg.Client({ connectionString: dsn });
    await client.connect();
    try {
      // The tables are empty, so that reading them whole would be cheapest.
      await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan');
      await client.query(`PREPARE page AS ${SELECT_NEWEST_OF_SESSION}`);
      const values = Array.from(SELECT_NEWEST_OF_SESSION.matchAll(/\$(\d+)/g), ([, number]) => Number(number));
      const nulls = Array.from({ length: Math.max(...values) }, () => 'NULL').join(', ');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE page(${nulls})`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      assert.match(plan, /Index Cond: .*session_id = \$\d+/);
      assert.doesNotMatch(plan, /Seq Scan on calls/);
    } finally {
      await client.end();
    }
  });

  test('finds the slowest calls of many days by an index of each, and sorts no others', async () => {
    const dsn = await databases.create();
    const nowMs = Date.UTC(2026, 2, 10);
    const store = await openPostgresMetricsStore({ dsn, nowMs: () => nowMs });
    const calls = Array.from({ length: 1500 }, (_, index) =>
      aCall({ requestId: `r${index}`, timestampMs: nowMs - index * 240_000, latencyMs: (index * 7919) % 1500 }),
    );
    await commitNext(store, { calls: calls.map((call) => ({ kind: 'full', call }) as const) });
    await store.close();
    await queryOnce(dsn, 'ANALYZE calls');
    const values = [
      calls[0]?.tenantId,
      new Date(nowMs - 5 * 86_400_000),
      new Date(nowMs),
      ...Array.from({ length: 5 }, () => null),
      10,
      ...CALL_EQUALITIES.map(() => null),
    ];
    const rows = await queryOnce(dsn, `EXPLAIN (ANALYZE) ${SELECT_SLOWEST}`, values);
    const plan = rows.map((row) => String(row['QUERY PLAN'])).join('\n');
    assert.match(plan, /Merge Append/);
    assert.doesNotMatch(plan, /Sort {2}\(|Seq Scan on calls/);
    const read = Array.from(plan.matchAll(/Index Scan using calls_\S+ .*actual time=\S+ rows=(\d+)/g), ([, n]) =>
      Number(n),
    );
    assert.ok(read.length >= 5 && read.reduce((sum, count) => sum + count, 0) < 20, plan);
  });

  test('is created once when several processes migrate at the same time', async () => {
    const dsn = await databases.create();
    const results = await Promise.all(Array.from({ length: 5 }, () => migratePostgres({ dsn })));
    const created = results.filter(({ from }) => from === 0);
    assert.equal(created.length, 1);
    assert.ok(results.every(({ to }) => to === created[0]?.to));
  });

  test('of a newer program, or none at all, is refused with what to do', async () => {
    const dsn = await databases.create();
    await assert.rejects(
      openPostgresMetricsStore({ dsn, migrate: false }),
      isMisconfigured(/run "streamlens migrate"/),
    );
    await migratePostgres({ dsn });
    const store = await openPostgresMetricsStore({ dsn, migrate: false });
    await store.checkHealth();
    await queryOnce(dsn, 'UPDATE streamlens_schema SET version = 99');
    await assert.rejects(store.checkHealth(), isMisconfigured(/newer StreamLens/));
    await assert.rejects(migratePostgres({ dsn }), isMisconfigured(/newer StreamLens/));
    await store.close();
  });

  test('of a version before the first release is refused, as its tables are not upgraded', async () => {
    const dsn = await databases.create();
    await queryOnce(dsn, 'CREATE TABLE streamlens_migrations (version int)');
    await assert.rejects(migratePostgres({ dsn }), isMisconfigured(/before its first release/));
  });

  test('of 0.1.0 is refused with what to do, and nothing of it is changed', async () => {
    const dsn = await databases.create();
    const released = new URL('../fixtures/releases/0.1.0-postgres.sql.gz', import.meta.url);
    await queryOnce(dsn, gunzipSync(readFileSync(released)).toString());
    await queryOnce(dsn, 'CREATE TABLE streamlens_schema (version int NOT NULL, functions_hash text NOT NULL)');
    await queryOnce(dsn, "INSERT INTO streamlens_schema VALUES (1, 'that of 0.1.0')");
    const tables = await dumpSchema(dsn);
    const isRefusal = isMisconfigured(/such as 0\.1\.0, .* an empty one, and start again: .* from the event log/);
    await assert.rejects(migratePostgres({ dsn }), isRefusal);
    await assert.rejects(openPostgresMetricsStore({ dsn, migrate: false }), isRefusal);
    assert.equal(await dumpSchema(dsn), tables);
  });

  test('is told of by whoever creates it, once', async () => {
    const dsn = await databases.create();
    const told: object[] = [];
    for (let opened = 0; opened < 2; opened++) {
      await (await openPostgresMetricsStore({ dsn, onMigrated: (versions) => told.push(versions) })).close();
    }
    assert.deepEqual(told, [{ from: 0, to: 2 }]);
  });

  test('of the first version keeps its usage as it is upgraded, and takes searches of the web from then on', async () => {
    const dsn = await databases.create();
    const range = { tenantId: null, fromMs: minute(0), toMs: minute(1) };
    const usage = aUsage({ calls: 1, inputTokens: 7, requestFees: 1, cost: 5n });
    const old = await openPostgresMetricsStore({ dsn });
    await commitNext(old, { tallies: [aDelta()], usages: [aUsageDelta({ usage })] });
    await old.close();
    await backToFirstVersion(dsn);
    await assert.rejects(openPostgresMetricsStore({ dsn, migrate: false }), isMisconfigured(/streamlens migrate/));
    const store = await openPostgresMetricsStore({ dsn });
    assert.deepEqual(
      (await store.readUsage(range)).map((row) => row.usage),
      [usage],
    );
    const searching = aUsage({ calls: 1, webSearches: 3, groundedRequests: 1 });
    await commitNext(store, { tallies: [aDelta()], usages: [aUsageDelta({ usage: searching })] });
    const [row] = await store.readUsage(range);
    assert.deepEqual([row?.usage.webSearches, row?.usage.groundedRequests, row?.usage.inputTokens], [3, 1, 7]);
    await store.close();
  });

  test('takes the usage of a processor of the first version, which runs on while this one is rolled out', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn });
    await commitNext(store, { tallies: [aDelta()], usages: [aUsageDelta({ usage: aUsage({ calls: 1 }) })] });
    const [written] = await queryOnce(dsn, 'SELECT to_jsonb(u) - $1::text[] AS row FROM usage_1m u', [
      ['window_start', 'web_searches', 'grounded_requests'],
    ]);
    const usages = JSON.stringify([{ ...(written?.['row'] as object), start_ms: minute(0) }]);
    const heads = JSON.stringify([
      { partition: 7, expected_seq: 0, token: 't', positions: {}, complete_through_ms: 0, committed_at_ms: 1 },
    ]);
    const others = "'[]'::json";
    await queryOnce(
      dsn,
      `SELECT streamlens_commit_group($1::json, ${`${others}, `.repeat(5)} $2::json, ${Array(9).fill(others).join(', ')})`,
      [heads, usages],
    );
    const [row] = await store.readUsage({ tenantId: null, fromMs: minute(0), toMs: minute(1) });
    assert.deepEqual([row?.usage.calls, row?.usage.webSearches], [2, 0]);
    await store.close();
  });

  test('gets its functions back when they differ from those of the program', async () => {
    const dsn = await databases.create();
    await migratePostgres({ dsn });
    await queryOnce(dsn, 'DROP FUNCTION streamlens_reprice');
    await queryOnce(dsn, "UPDATE streamlens_schema SET functions_hash = 'older'");
    await migratePostgres({ dsn });
    const [row] = await queryOnce(
      dsn,
      "SELECT count(*)::int AS functions FROM pg_proc WHERE proname = 'streamlens_reprice'",
    );
    assert.deepEqual(row, { functions: 1 });
  });

  test('lives in the schema that the search_path of the DSN names', async () => {
    const dsn = await databases.create();
    await queryOnce(dsn, 'CREATE SCHEMA own');
    const url = new URL(dsn);
    url.searchParams.set('options', '-c search_path=own');
    const store = await openPostgresMetricsStore({ dsn: url.href });
    await commitNext(store, { tallies: [aDelta()] });
    await store.close();
    assert.deepEqual(await queryOnce(dsn, 'SELECT requests FROM own.llm_metrics'), [{ requests: '1' }]);
  });

  test("has the view llm_metrics with the original's columns, merged over providers", async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn });
    const parts = {
      requests: 2,
      completed: 2,
      errors: 1,
      latencyKnown: 2,
      latencyUsSum: 1_500_000,
      latencyUsMax: 1_000_000,
      latenciesMs: [500, 1_000],
      cost: 2_310_000_000_000n,
    };
    const tally = { ...parts, promptTokens: 30, promptTokensKnown: 2, completionTokens: 9, completionTokensKnown: 2 };
    const series = ['p', 'q'].map((provider) => ({ ...SERIES, provider }));
    await commitNext(store, { tallies: series.map((one) => aDelta({ series: one, tally: aTally(tally) })) });
    await commitNext(store, { tallies: [aDelta({ windowStartMs: minute(1) })] });
    await store.close();
    const [full, empty] = await queryOnce(dsn, 'SELECT * FROM llm_metrics ORDER BY window_start');
    const { p95_latency_ms: p95, p50_latency_ms: p50, p99_latency_ms: p99, ...exact } = full ?? {};
    assert.deepEqual(exact, {
      tenant_id: 'acme',
      route: 'chat',
      model: 'gpt',
      window_start: new Date(minute(0)),
      window_end: new Date(minute(1)),
      requests: '4',
      errors: '2',
      avg_latency_ms: 750,
      avg_prompt_tokens: 15,
      avg_completion_tokens: 4.5,
      estimated_cost_usd: 4.62,
      completed: '4',
      unanswered: '0',
      unpriced_requests: '0',
      provider: 'p, q',
    });
    assert.ok(Math.abs(Number(p95) - 1_000) < 11);
    assert.ok(Math.abs(Number(p50) - 500) < 6);
    assert.ok(Math.abs(Number(p99) - 1_000) < 11);
    assert.deepEqual(
      [empty?.['requests'], empty?.['avg_latency_ms'], empty?.['p95_latency_ms'], empty?.['avg_prompt_tokens']],
      ['1', null, null, null],
    );
  });

  test('is read by the role that the Compose file makes for Grafana as far as its view, and no further', async (t) => {
    const dsn = await databases.create();
    await migratePostgres({ dsn });
    const compose = parse(readFileSync(new URL('../../deploy/docker-compose.yml', import.meta.url), 'utf8'), {
      merge: true,
    }) as { services: Record<string, { command: readonly string[] }> };
    const statements = compose.services['grafana-role']?.command.map((word) => word.replace(/^--command=/, '')) ?? [];
    assert.equal(statements.length, 2);
    t.after(() => queryOnce(dsn, 'DROP OWNED BY grafana; DROP ROLE grafana'));
    // Compose may run it again at each start.
    for (const statement of [...statements, ...statements]) await queryOnce(dsn, statement);
    const asGrafana = new URL(dsn);
    [asGrafana.username, asGrafana.password] = ['grafana', 'grafana'];
    assert.deepEqual(await queryOnce(asGrafana.href, 'SELECT * FROM llm_metrics'), []);
    for (const table of ['metrics_1m', 'api_keys', 'calls']) {
      await assert.rejects(queryOnce(asGrafana.href, `SELECT * FROM ${table}`), /permission denied/);
    }
  });

  test('the view llm_metrics shows null for a cost that nobody knows, and counts the calls', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn });
    const unpriced = aTally({ requests: 2, completed: 2, unpricedRequests: 2 });
    const partly = aTally({ requests: 2, completed: 2, unpricedRequests: 1, cost: 1_000_000_000_000n });
    await commitNext(store, { tallies: [aDelta({ tally: unpriced })] });
    await commitNext(store, { tallies: [aDelta({ windowStartMs: minute(1), tally: partly })] });
    await commitNext(store, { tallies: [aDelta({ windowStartMs: minute(2), tally: aTally({ requests: 1 }) })] });
    await store.close();
    const rows = await queryOnce(
      dsn,
      'SELECT estimated_cost_usd, unpriced_requests FROM llm_metrics ORDER BY window_start',
    );
    assert.deepEqual(rows, [
      { estimated_cost_usd: null, unpriced_requests: '2' },
      { estimated_cost_usd: 1, unpriced_requests: '1' },
      { estimated_cost_usd: 0, unpriced_requests: '0' },
    ]);
  });

  test('the view llm_metrics has no row of what was taken back', async () => {
    const dsn = await databases.create();
    const store = await openPostgresMetricsStore({ dsn });
    const moved = { ...SERIES, provider: 'moved' };
    const deltas = (requests: number) => [
      aDelta({ series: { ...SERIES, tenantId: 'default' }, tally: aTally({ requests }) }),
      aDelta({ series: moved, tally: aTally({ requests }) }),
    ];
    await commitNext(store, { tallies: [...deltas(1), aDelta()] });
    await commitNext(store, { tallies: deltas(-1) });
    await store.close();
    const rows = await queryOnce(dsn, 'SELECT tenant_id, requests, provider FROM llm_metrics');
    assert.deepEqual(rows, [{ tenant_id: 'acme', requests: '1', provider: SERIES.provider }]);
  });

  test('computes the same quantiles as the program, however the histogram was added up', async () => {
    const dsn = await databases.create();
    await migratePostgres({ dsn });
    const valuesMs = fc.array(fc.double({ min: 0, max: 2_592_000_000, noNaN: true }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(valuesMs, { maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (parts, share) => {
          const whole = new Histogram();
          const packed = parts.map((part) => {
            const histogram = new Histogram();
            for (const valueMs of part) histogram.record(valueMs);
            whole.add(histogram);
            return packHistogram(histogram);
          });
          const [row] = await queryOnce(
            dsn,
            `SELECT hist_quantile(hist_merge(part), $2) AS merged, hist_quantile(hist_add(hist_merge(part), '{}'), $2) AS added,
             hist_merge(part) = hist_compact($3) AS is_equal FROM unnest($1::text[]) AS t (text), LATERAL (SELECT text::bigint[]) AS p (part)`,
            [packed, share, packHistogram(whole)],
          );
          const expected = whole.quantile(share);
          for (const found of [row?.['merged'], row?.['added']]) {
            if (expected === null) assert.equal(found, null);
            else
              assert.ok(Math.abs(Number(found) - expected) <= expected * 1e-12, `${String(found)} is not ${expected}`);
          }
          assert.equal(row?.['is_equal'], true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

function isMisconfigured(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && error.code === 'misconfigured' && message.test(error.message);
}

/** Takes away what the second migration added, and the program's functions, which know of it. */
async function backToFirstVersion(dsn: string): Promise<void> {
  const sql = readFileSync(new URL('../../src/metrics-store/postgres/sql/0001.sql', import.meta.url), 'utf8');
  const statements = sql.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ');
  const hash = createHash('sha256').update(statements).digest('hex');
  await queryOnce(dsn, 'ALTER TABLE usage_1m DROP COLUMN web_searches, DROP COLUMN grounded_requests');
  await queryOnce(dsn, "UPDATE streamlens_schema SET version = 1, functions_hash = 'older', tables_hash = $1", [hash]);
}
