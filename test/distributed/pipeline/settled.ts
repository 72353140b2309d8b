import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../src/events/topics.ts';
import { queryOnce } from '../test-databases.ts';
import type { Cluster } from './cluster.ts';
import { tellDifferingCalls } from './differing-calls.ts';
import { comparable, expectedRows, keyOf, keyOfCall, type Row } from './expected-rows.ts';
import { recordsOf } from './read-topic.ts';
import { type CallPlan, tenantsOf } from './sent-call.ts';
import type { Traffic } from './traffic.ts';

/** How long counting may lag behind the last acknowledged event: a rebalance, a restart, a backlog. */
const CATCH_UP_MS_MAX = 90_000;
/** What is counted twice by a late commit shows within this. */
const LATE_MS = 1_500;

type Rows = Map<string, Row>;

/**
 * Waits until everything that the traffic sent is counted, then compares every row everywhere: the metrics API, the
 * view in Postgres, the topic `llm.metrics`, and the books. @throws with the first rows that differ, and where the events
 * of their calls are
 */
export async function assertExact(cluster: Cluster, traffic: Traffic, plan: CallPlan): Promise<void> {
  const expected = expectedRows(traffic.calls);
  assert.ok(expected.size > 0, 'there was traffic');
  const giveUpAtMs = performance.now() + CATCH_UP_MS_MAX;
  while (differences(expected, await apiRows(cluster, plan)).length > 0 && performance.now() < giveUpAtMs) {
    await sleep(250);
  }
  await sleep(LATE_MS);
  const actual = await apiRows(cluster, plan);
  const keys = new Set(differingKeys(expected, actual));
  if (keys.size > 0) {
    const calls = traffic.calls.filter((call) => keys.has(keyOfCall(call)));
    assertSame(expected, actual, 'GET /v1/metrics', await tellDifferingCalls(cluster, calls).catch(String));
  }
  await assertView(cluster, expected, plan);
  await assertTopic(cluster, expected, plan);
  await assertBooks(cluster, expected, plan);
}

function assertSame(expected: Rows, actual: Rows, where: string, known = ''): void {
  const found = differences(expected, actual);
  const total = (rows: Rows, field: 'requests' | 'completed') =>
    [...rows.values()].reduce((sum, row) => sum + row[field], 0);
  const totals = `${total(actual, 'requests')} of ${total(expected, 'requests')} calls, ${total(actual, 'completed')} of ${total(expected, 'completed')} completed`;
  const rows = found.slice(0, 3).join('\n');
  assert.equal(found.length, 0, `${where}: ${totals}; ${found.length} rows differ\n${rows}\n${known}`);
}

function differences(expected: Rows, actual: Rows): string[] {
  return differingKeys(expected, actual).map(
    (key) => `expected ${JSON.stringify(expected.get(key))}\n     got ${JSON.stringify(actual.get(key))}`,
  );
}

function differingKeys(expected: Rows, actual: Rows): string[] {
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  return [...keys].filter((key) => JSON.stringify(expected.get(key)) !== JSON.stringify(actual.get(key)));
}

export function apiRows(cluster: Cluster, plan: CallPlan): Promise<Rows> {
  return apiRowsAt(cluster.metricsUrl, plan);
}

/** The rows that one metrics API shows now. */
export async function apiRowsAt(metricsUrl: string, plan: CallPlan): Promise<Rows> {
  const rows: Rows = new Map();
  for (const tenant of tenantsOf(plan)) {
    const url = `${metricsUrl}/v1/metrics?tenant_id=${tenant}&limit=10000`;
    const response = await fetch(url, { signal: AbortSignal.timeout(40_000) });
    if (!response.ok) continue;
    const { metrics } = (await response.json()) as { metrics: Row[] };
    for (const row of metrics) rows.set(keyOf(row), comparable(row));
  }
  return rows;
}

/** The view has the original's columns: counts and averages. */
async function assertView(cluster: Cluster, expected: Rows, plan: CallPlan): Promise<void> {
  const found = await queryOnce(
    cluster.postgres.dsn,
    `SELECT tenant_id, route, model, to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS window_start,
       requests::float8 AS requests, errors::float8 AS errors, round(avg_latency_ms::numeric, 6)::float8 AS avg_latency_ms
     FROM llm_metrics WHERE tenant_id = ANY($1)`,
    [tenantsOf(plan)],
  );
  const rows = found as unknown as Row[];
  const brief = (row: Row) => [row.requests, row.errors, row.avg_latency_ms];
  assert.deepEqual(
    new Map(rows.map((row) => [keyOf(row), brief(row)])),
    new Map([...expected].map(([key, row]) => [key, brief(row)])),
    'the view llm_metrics',
  );
}

/** The newest revision of every row is on the topic within seconds. */
async function assertTopic(cluster: Cluster, expected: Rows, plan: CallPlan): Promise<void> {
  const giveUpAtMs = performance.now() + 20_000;
  let published = await publishedRows(cluster, plan);
  while (differences(expected, published).length > 0 && performance.now() < giveUpAtMs) {
    await sleep(500);
    published = await publishedRows(cluster, plan);
  }
  assertSame(expected, published, 'the topic llm.metrics');
}

async function publishedRows(cluster: Cluster, plan: CallPlan): Promise<Rows> {
  const newest = new Map<string, Row & { revision: number }>();
  for (const { key, value } of await recordsOf(cluster, TOPICS.metrics)) {
    if (!key.startsWith(`${plan.name}-`)) continue;
    const row = value as Row & { revision: number };
    assert.equal(key, [row.tenant_id, row.route, row.model].join('|'));
    // Publishers may follow one another: order on the topic is not promised, the revision decides.
    if (row.revision >= (newest.get(keyOf(row))?.revision ?? 0)) newest.set(keyOf(row), row);
  }
  return new Map([...newest].map(([key, row]) => [key, comparable(row)]));
}

/** The books balance, and hold exactly the calls that were counted. */
async function assertBooks(cluster: Cluster, expected: Rows, plan: CallPlan): Promise<void> {
  let [requests, responses] = [0, 0];
  for (const tenant of tenantsOf(plan)) {
    const response = await fetch(`${cluster.metricsUrl}/v1/audit?tenant_id=${tenant}`);
    const { balanced, totals } = (await response.json()) as Audit;
    assert.equal(balanced, true, `the books of ${tenant} balance`);
    requests += totals.requests.counted;
    responses += totals.responses.counted;
  }
  const rows = [...expected.values()];
  const wanted = [rows.reduce((sum, row) => sum + row.requests, 0), rows.reduce((sum, row) => sum + row.completed, 0)];
  assert.deepEqual([requests, responses], wanted, 'the books count what the rows count');
}

interface Audit {
  readonly balanced: boolean;
  readonly totals: { readonly requests: { counted: number }; readonly responses: { counted: number } };
}
