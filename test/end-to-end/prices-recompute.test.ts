import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { BUILT_IN_LIST, listName } from '../../src/prices/price-list.ts';
import { eventually, getJson, post } from './http-calls.ts';
import { dataDirFor, endOf, type Server, serverFor } from './running-server.ts';

interface Metrics {
  readonly metrics: readonly { estimated_cost_usd: number; unpriced_requests: number; completed: number }[];
}

/** Answered calls of a model that no list knows, with what a request says of the call of that number. */
async function sendCalls(server: Server, count: number, told: (number: number) => object): Promise<void> {
  const timestamp = '2025-11-19T10:00:05Z';
  const call = { tenant_id: 'acme', route: 'chat', model: 'own-model', timestamp };
  const events = Array.from({ length: count }, (_, i) => [
    { type: 'request', request_id: `r${i}`, ...call, ...told(i) },
    { type: 'response', request_id: `r${i}`, timestamp, latency_ms: 5, completion_tokens: 0 },
  ]).flat();
  assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events))).status, 202);
}

test('prices recompute shows the difference, applies it beside the running server, and then finds nothing', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, {}, { dataDir });
  await sendCalls(server, 10, () => ({ prompt_tokens: 1000 }));
  const row = () => getJson<Metrics>(`${server.metrics}/v1/metrics?tenant_id=acme`).then(({ metrics }) => metrics[0]);
  await eventually('the calls are counted', async () => ((await row())?.completed === 10 ? true : undefined));
  assert.equal((await row())?.unpriced_requests, 10);

  const prices = join(dataDir, 'prices.yaml');
  writeFileSync(prices, 'prices:\n  - model: own-model\n    input_usd_per_million: 2\n    output_usd_per_million: 4\n');
  const recompute = (...more: string[]) =>
    endOf([
      'prices',
      'recompute',
      '--from',
      '2025-11-19',
      '--to',
      '2025-11-20',
      '--data-dir',
      dataDir,
      '--prices-file',
      prices,
      ...more,
    ]);
  const dry = await recompute('--dry-run');
  assert.equal(dry.code, 0, dry.text);
  assert.match(dry.text, /acme +- +own-model +10 +0\.0000 +0\.0200 +\+0\.0200 +10 +0\n1 rows would be corrected/);
  assert.ok(dry.text.includes(`with the prices of ${prices} and ${listName(BUILT_IN_LIST)}\n`), dry.text);
  assert.equal((await row())?.unpriced_requests, 10);
  const both = await Promise.all([recompute(), recompute()]);
  assert.ok(both.every(({ code }) => code === 0));
  const corrected = await eventually('the cost is corrected', async () => {
    const now = await row();
    return now?.unpriced_requests === 0 ? now : undefined;
  });
  assert.equal(corrected.estimated_cost_usd, 0.02);
  const { call } = await getJson<{ call: { estimated_cost_usd: number } }>(
    `${server.metrics}/v1/calls/r1?tenant_id=acme`,
  );
  assert.equal(call.estimated_cost_usd, 0.002);
  assert.match((await recompute()).text, /0 rows and 0 single calls were corrected/);
});

test('prices recompute tells wrong usage', async (t) => {
  const dataDir = dataDirFor(t);
  assert.equal((await endOf(['prices', 'recompute', '--data-dir', dataDir])).code, 2);
  const yesterday = await endOf(['prices', 'recompute', '--from', 'yesterday', '--data-dir', dataDir]);
  assert.deepEqual([yesterday.code, /--from must be a day/.test(yesterday.text)], [2, true]);
  const empty = await endOf(['prices', 'recompute', '--from', 'now-1d', '--data-dir', dataDir]);
  assert.deepEqual([empty.code, /There is no metrics store/.test(empty.text)], [2, true]);
  assert.equal((await endOf(['prices', 'recompute', '--from', '2025-02-30', '--data-dir', dataDir])).code, 2);
});

test('prices recompute leaves what was charged, and prices its list cost beside it', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, {}, { dataDir });
  const timestamp = '2025-11-19T10:00:05Z';
  const events = [
    {
      type: 'request',
      request_id: 'charged',
      tenant_id: 'acme',
      route: 'chat',
      model: 'own-model',
      timestamp,
      prompt_tokens: 1000,
    },
    {
      type: 'response',
      request_id: 'charged',
      timestamp,
      latency_ms: 5,
      completion_tokens: 0,
      reported_cost_usd: 0.5,
      cost_reported_by: 'gateway',
    },
  ];
  assert.equal((await post(`${server.ingestion}/v1/llm/events`, JSON.stringify(events))).status, 202);
  const costs = async () => {
    const { metrics } = await getJson<{ metrics: readonly Record<string, unknown>[] }>(
      `${server.metrics}/v1/metrics?tenant_id=acme`,
    );
    const { call } = await getJson<{ call: Record<string, unknown> }>(
      `${server.metrics}/v1/calls/charged?tenant_id=acme`,
    );
    return [metrics[0], call].map((of) => [
      of?.['estimated_cost_usd'],
      of?.['reported_cost_usd'],
      of?.['list_cost_usd'],
    ]);
  };
  const before = await eventually('the call is counted', async () => {
    const { metrics } = await getJson<Metrics>(`${server.metrics}/v1/metrics?tenant_id=acme`);
    return metrics[0]?.completed === 1 ? costs() : undefined;
  });
  assert.deepEqual(
    before.map(([cost, reported]) => [cost, reported]),
    [
      [0.5, 0.5],
      [0.5, 0.5],
    ],
  );
  const prices = join(dataDir, 'prices.yaml');
  writeFileSync(prices, 'prices:\n  - model: own-model\n    input_usd_per_million: 2\n    output_usd_per_million: 4\n');
  const { code, text } = await endOf([
    'prices',
    'recompute',
    '--from',
    '2025-11-19',
    '--to',
    '2025-11-20',
    '--data-dir',
    dataDir,
    '--prices-file',
    prices,
  ]);
  assert.equal(code, 0, text);
  await eventually('the list cost is corrected', async () => {
    const now = JSON.stringify(await costs());
    return now === '[[0.5,0.5,0.002],[0.5,0.5,0.002]]' ? true : undefined;
  });
});

test('prices recompute changes the sums of the users and teams whose calls are kept, and names what is of nobody', async (t) => {
  const dataDir = dataDirFor(t);
  const server = await serverFor(t, { METRIC_DIMENSIONS: 'user,team' }, { dataDir });
  await sendCalls(server, 12, (i) => ({
    prompt_tokens: 1000 * (i + 1),
    user_id_hash: i % 3 === 0 ? null : `user-${i % 3}`,
    metadata: { team: `team-${i % 2}` },
  }));
  const costsBy = async (dimension: string) => {
    const { summary } = await getJson<{ summary: readonly Record<string, unknown>[] }>(
      `${server.metrics}/v1/metrics/summary?tenant_id=acme&group_by=${dimension}`,
    );
    const rows = summary.map((row) => [row[dimension], row['estimated_cost_usd']] as const);
    return summary.reduce((sum, row) => sum + Number(row['completed']), 0) === 12 ? Object.fromEntries(rows) : {};
  };
  const nothing = { __none__: null, 'user-1': null, 'user-2': null };
  await eventually('the calls are counted', async () =>
    isDeepStrictEqual(await costsBy('user'), nothing) ? true : undefined,
  );
  const recompute = async (usdPerMillion: number, ...more: string[]) => {
    const prices = join(dataDir, 'prices.yaml');
    const price = `    input_usd_per_million: ${usdPerMillion}\n    output_usd_per_million: 4\n`;
    writeFileSync(prices, `prices:\n  - model: own-model\n${price}`);
    const range = ['--from', '2025-11-19', '--to', '2025-11-20'];
    const { code, text } = await endOf([
      'prices',
      'recompute',
      ...range,
      '--data-dir',
      dataDir,
      '--prices-file',
      prices,
      ...more,
    ]);
    assert.equal(code, 0, text);
  };
  await recompute(2, '--metric-dimensions', 'user,team');
  // Thousands of tokens: 1+4+7+10, 2+5+8+11, 3+6+9+12; odd and even ones.
  assert.deepEqual(await costsBy('user'), { __none__: 0.044, 'user-1': 0.052, 'user-2': 0.06 });
  assert.deepEqual(await costsBy('team'), { 'team-0': 0.072, 'team-1': 0.084 });
  await recompute(3);
  const { __repriced__: changed, ...users } = await costsBy('user');
  assert.deepEqual([changed, users], [0.078, { __none__: 0.044, 'user-1': 0.052, 'user-2': 0.06 }]);
});
