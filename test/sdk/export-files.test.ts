import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { skipFor } from '../../scripts/services/available-services.ts';
import { DATASET_NAMES } from '../../src/metrics-api/export/export-query.ts';
import { eventually, getJson, post } from '../end-to-end/http-calls.ts';
import { dataDirFor, outputOf, serverFor } from '../end-to-end/running-server.ts';
import { CONTRADICTIONS, query, validate, whyNotInstalled } from './focus-validator.ts';

const FROM = '2026-03-01T00:00:00Z';
const TO = '2026-03-04T00:00:00Z';
const MODELS = ['gpt-4.1-mini', 'gpt-4o', 'claude-sonnet-4-5', 'nobody-knows-it'];

function events(): string {
  const lines = Array.from({ length: 600 }, (_, at) => {
    const day = 1 + (at % 3);
    const timestamp = `2026-03-0${day}T${String(at % 24).padStart(2, '0')}:10:00Z`;
    const ids = { request_id: `r-${at}`, timestamp };
    const model = MODELS[at % MODELS.length];
    const names = { tenant_id: `tenant-${at % 2}`, route: `route-${at % 5}`, model };
    const reported = at % 7 === 0 ? { reported_cost_usd: 0.001_234_567_891, cost_reported_by: 'provider' } : {};
    const failed = at % 11 === 0 ? { error: 'overloaded', completion_tokens: 0 } : { completion_tokens: 300 + at };
    const tier = at % 13 === 0 ? { service_tier: 'batch' } : {};
    const request = {
      type: 'request',
      ...ids,
      ...names,
      user_id_hash: at % 4 === 3 ? null : `user-${at % 40}`,
      metadata: { team: `team-${at % 3}` },
      prompt_tokens: 1000 + at,
      cached_prompt_tokens: 64 * (at % 3),
    };
    return [
      request,
      { type: 'response', ...ids, latency_ms: 100 + at, finish_reason: 'stop', ...failed, ...reported, ...tier },
    ];
  });
  return JSON.stringify(lines.flat());
}

test('exported files are what DuckDB and the validator of FOCUS take them for', { timeout: 600_000 }, async (t) => {
  const missing = await whyNotInstalled();
  if (missing !== null) return t.skip(skipFor(missing));
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, { CALLS_PER_SECOND_MAX: '100000', METRIC_DIMENSIONS: 'user,team' }, { dataDir });
  assert.equal((await post(`${server.ingestion}/v1/llm/events`, events())).status, 202);
  const range = `from=${FROM}&to=${TO}`;
  const whole = await eventually('all calls are counted', async () => {
    const { summary } = await getJson<{ summary: Summary[] }>(`${server.metrics}/v1/metrics/summary?${range}`);
    return summary[0]?.completed === 600 ? summary[0] : undefined;
  });
  const out = join(dataDir, 'out');
  for (const dataset of DATASET_NAMES) await exportTo(dataDir, dataset, join(out, dataset));
  await t.test('DuckDB reads exact amounts that add up', () => assertRead(out, whole));
  await t.test('the SQL of docs/finops.md answers what it says', () => assertDocumented(dataDir, whole));
  await t.test('the validator finds nothing that FOCUS does not allow', async () => {
    const path = join(dataDir, 'focus.parquet');
    const answer = await fetch(`${server.metrics}/v1/export?dataset=focus&format=parquet&step=1h&${range}`);
    writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
    assert.deepEqual(await query(`SELECT sum(x_RequestCount)::int FROM '${path}'`), [[600]]);
    const { passed, failed } = await validate(path);
    assert.deepEqual(failed, CONTRADICTIONS);
    assert.ok(passed > 200, `only ${passed} rules passed`);
  });
  await t.test('the validator would find what is wrong', () => assertJudged(t, join(out, 'focus')));
});

interface Summary {
  readonly requests: number;
  readonly completed: number;
  readonly estimated_cost_usd: number;
  readonly unpriced_requests: number;
  readonly prompt_tokens: number;
}

async function exportTo(dataDir: string, dataset: string, directory: string): Promise<void> {
  const dimensions = dataset === 'dimensions' ? ['--metric-dimensions', 'user,team'] : [];
  await outputOf(['export', dataset, directory, '--data-dir', dataDir, '--from', FROM, '--to', TO, ...dimensions]);
  assert.deepEqual(readdirSync(directory).toSorted(), [
    'date=2026-03-01',
    'date=2026-03-02',
    'date=2026-03-03',
    'manifest.json',
  ]);
}

async function assertRead(out: string, whole: Summary): Promise<void> {
  const all = (dataset: string) => `'${out}/${dataset}/*/*.parquet'`;
  const [rows] = await query(
    `SELECT sum(requests)::int, sum(unpriced_requests)::int, sum(prompt_tokens)::int, sum(estimated_cost_usd) FROM ${all('rows')}`,
  );
  const cost = String(rows?.[3]);
  assert.deepEqual(rows?.slice(0, 3), [600, whole.unpriced_requests, whole.prompt_tokens]);
  assert.equal(Number(cost), whole.estimated_cost_usd);
  assert.deepEqual(await query(`SELECT count(*), sum(estimated_cost_usd) FROM ${all('calls')}`), [[600, cost]]);
  // Each dimension is the whole, to the last digit.
  const dimensions = await query(
    `SELECT dimension, sum(requests)::int, sum(estimated_cost_usd), count(DISTINCT value), typeof(any_value(estimated_cost_usd))
     FROM ${all('dimensions')} GROUP BY dimension ORDER BY dimension`,
  );
  assert.deepEqual(dimensions, [
    ['team', 600, cost, 3, 'DECIMAL(38,12)'],
    ['user', 600, cost, 31, 'DECIMAL(38,12)'],
  ]);
  const perDay = `SELECT date, sum(BilledCost), min(ChargePeriodStart) FROM ${all('focus')} GROUP BY date ORDER BY date`;
  const days = await query(perDay);
  assert.deepEqual(
    days.map(([date, , start]) => [date, start]),
    ['01', '02', '03'].map((day) => [`2026-03-${day}`, `2026-03-${day} 00:00:00`]),
  );
  const [charges] = await query(
    `SELECT sum(BilledCost), sum(x_RequestCount)::int, count(*) FILTER (ListUnitPrice * PricingQuantity <> ListCost),
       count(*) FILTER (x_CostSource = 'none' AND BilledCost = 0) > 0, count(*) FILTER (x_CostSource = 'provider') > 0,
       count(*) FILTER (x_CostSource = 'free') > 0, count(*) FILTER (x_CostSource = 'list' AND x_PriceVersion IS NULL),
       bool_and(x_IsComplete) FROM ${all('focus')}`,
  );
  assert.deepEqual(charges, [cost, 600, 0, true, true, true, 0, true]);
  const types = await query(`SELECT DISTINCT typeof(BilledCost), typeof(ChargePeriodStart) FROM ${all('focus')}`);
  assert.deepEqual(types, [['DECIMAL(38,12)', 'TIMESTAMP']]);
  const [meta] = await query(
    `SELECT decode(value) FROM parquet_kv_metadata(${all('focus')}) WHERE key = 'focus.version'`,
  );
  assert.deepEqual(meta, ['1.2']);
}

async function assertDocumented(folder: string, whole: Summary): Promise<void> {
  const text = readFileSync(new URL('../../docs/finops.md', import.meta.url), 'utf8');
  const [sums, unpriced, spent, teams, wholes, ...more] = Array.from(
    text.matchAll(/^```sql\n(.*?)\n```$/gms),
    ([, sql = '']) => sql,
  );
  assert.deepEqual(more, []);
  const [sum] = await query(sums ?? '', folder);
  assert.deepEqual([Number(sum?.[0]), Number(sum?.[1])], [whole.estimated_cost_usd, whole.requests]);
  const calls = (await query(unpriced ?? '', folder)).map(([, count]) => Number(count));
  assert.equal(
    calls.reduce((total, count) => total + count, 0),
    whole.unpriced_requests,
  );
  const costs = (await query(spent ?? '', folder)).map((row) => Number(row[5]));
  assert.ok(costs.length > 10);
  assert.deepEqual(
    costs,
    costs.toSorted((a, b) => b - a),
  );
  const byTeam = new Map((await query(teams ?? '', folder)).map(([team, count]) => [team, Number(count)]));
  assert.deepEqual(byTeam, new Map(['team-0', 'team-1', 'team-2'].map((team) => [team, 200])));
  const [byOne, byOther] = await query(wholes ?? '', folder);
  assert.deepEqual([byOne?.[1], byOther?.[1]], [sum?.[0], sum?.[0]]);
}

async function assertJudged(t: TestContext, directory: string): Promise<void> {
  const broken = join(dataDirFor(t), 'broken.parquet');
  const changes = `BilledCost: NULL, ServiceCategory: 'Chat', BillingCurrency: 'Dollars', PricingUnit: NULL`;
  const replaced = changes
    .split(', ')
    .map((change) => change.split(': ').toReversed().join(' AS '))
    .join(', ');
  await query(`COPY (SELECT * REPLACE (${replaced}) FROM '${directory}/*/*.parquet') TO '${broken}' (FORMAT parquet)`);
  const { failed } = await validate(broken);
  for (const rule of [
    'BilledCost-C-003-M',
    'ServiceCategory-C-003-M',
    'BillingCurrency-C-006-M',
    'PricingUnit-C-006-C',
  ]) {
    assert.ok(failed.includes(rule), `${rule} was not noticed, only ${failed.join(', ')}`);
  }
}
