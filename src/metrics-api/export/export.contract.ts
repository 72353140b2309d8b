import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  aBilled,
  aCall,
  aDelta,
  aDimensionDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  DAY,
  minute,
  type OpenStore,
  SERIES,
} from '../../metrics-store/contract/builders.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import { createPriceBook } from '../../prices/layered-price-book.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { columnsOf, readExportPage } from './datasets.ts';
import type { ExportValue } from './export-column.ts';
import { exportPages } from './export-pages.ts';
import { DATASET_NAMES, type ExportQuery } from './export-query.ts';

const book = createPriceBook();
const TENANTS = ['acme', 'globex', 'ämter'];
const QUERY: ExportQuery = {
  dataset: 'rows',
  tenantId: null,
  fromMs: 0,
  toMs: DAY + 30 * DAY_MS,
  stepMs: MINUTE_MS,
  dimensions: [],
  billingAccount: 'default',
};
type Row = Readonly<Record<string, ExportValue>>;

async function exported(store: MetricsStore, query: Partial<ExportQuery> = {}): Promise<readonly Row[]> {
  const asked = { ...QUERY, ...query };
  const names = columnsOf(asked.dataset).map(({ name }) => name);
  const rows: Row[] = [];
  const ports = { store, prices: async () => book };
  for await (const page of exportPages((cursor) => readExportPage(ports, asked, cursor))) {
    for (const row of page) rows.push(Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])));
  }
  return rows;
}

const sumOf = (rows: readonly Row[], name: string): bigint =>
  rows.reduce((sum, row) => sum + BigInt((row[name] as bigint | number | null) ?? 0), 0n);
const count = (rows: readonly Row[], name: string) => new Set(rows.map((row) => row[name])).size;

/** What an export gives of any store. `open` gives an empty one each time. */
export function exportContract({
  name,
  open,
  skip = false,
}: {
  readonly name: string;
  readonly open: OpenStore;
  readonly skip?: string | false;
}): void {
  describe(`an export of ${name}`, { skip }, () => {
    rowsAreExported(open);
    dimensionsAreExported(open);
    callsAreExported(open);
    chargesAreExported(open);
    test('of an empty store has no rows', async () => {
      const store = await open();
      for (const dataset of DATASET_NAMES) {
        assert.deepEqual(await exported(store, { dataset, stepMs: DAY_MS, dimensions: ['user'] }), []);
      }
      await store.close();
    });
  });
}

function rowsAreExported(open: OpenStore): void {
  test('has every row once, by tenant and time, however many pages they take', async () => {
    const store = await open();
    const deltas = TENANTS.flatMap((tenantId) =>
      Array.from({ length: 900 }, (_, at) =>
        aDelta({
          series: { ...SERIES, tenantId, route: `r${at % 3}` },
          windowStartMs: minute(Math.floor(at / 3) * 7),
          tally: aTally({ requests: 1, completed: 1, pricedByList: 1, cost: 10n ** 18n + 1n }),
        }),
      ),
    );
    await commitNext(store, { tallies: deltas });
    const rows = await exported(store);
    assert.equal(rows.length, 2_700);
    assert.equal(new Set(rows.map((row) => `${row['tenant_id']} ${row['route']} ${row['window_start']}`)).size, 2_700);
    const places = rows.map((row) => `${row['tenant_id']} ${row['window_start']} ${row['route']}`);
    assert.deepEqual(places, places.toSorted());
    assert.equal(sumOf(rows, 'estimated_cost_usd'), 2_700n * (10n ** 18n + 1n));
    const days = await exported(store, { stepMs: DAY_MS, tenantId: ['acme', 'ämter'] });
    assert.deepEqual([days.length, count(days, 'tenant_id'), sumOf(days, 'requests')], [12, 2, 1_800n]);
    const some = await exported(store, { fromMs: minute(70), toMs: minute(140), tenantId: 'acme' });
    assert.deepEqual([some.length, some[0]?.['window_start']], [30, minute(70)]);
    await store.close();
  });
}

function dimensionsAreExported(open: OpenStore): void {
  test('has every value of every dimension that is wanted once, which add up within each, however many pages', async () => {
    const store = await open();
    const cost = 10n ** 18n + 1n;
    const names = ['user', 'team', 'agent'];
    const deltas = ['acme', 'globex'].flatMap((tenantId) =>
      Array.from({ length: 3_000 }, (_, at) =>
        aDimensionDelta({
          series: { ...SERIES, tenantId, route: `r${at % 2}` },
          dimensions: names,
          values: names.map(() => (at % 1_500 === 0 ? '__none__' : `v${at % 1_500}`)),
          windowStartMs: DAY + (at < 1_500 ? 0 : DAY_MS) + 3 * HOUR_MS,
          tally: aTally({ requests: 1, completed: 1, pricedByList: 1, cost }),
        }),
      ),
    );
    await commitNext(store, { tallies: deltas.map((each) => aDelta(each)), dimensions: deltas });
    const asked = { dataset: 'dimensions', stepMs: DAY_MS, dimensions: ['user', 'team'] } as const;
    const rows = await exported(store, asked);
    assert.equal(rows.length, 12_000, 'more than a page');
    const places = rows.map(
      (row) => `${row['tenant_id']} ${row['dimension'] === 'user' ? 0 : 1} ${row['window_start']}`,
    );
    assert.deepEqual(places, places.toSorted());
    const place = ['tenant_id', 'dimension', 'window_start', 'route', 'value'];
    assert.equal(new Set(rows.map((row) => place.map((name) => row[name]).join(' '))).size, 12_000);
    for (const dimension of asked.dimensions) {
      const own = rows.filter((row) => row['dimension'] === dimension);
      assert.equal(sumOf(own, 'estimated_cost_usd'), 6_000n * cost);
      assert.equal(own.filter(({ value }) => value === '__none__').length, 4);
    }
    const hour = await exported(store, { ...asked, stepMs: HOUR_MS, toMs: DAY + 4 * HOUR_MS, tenantId: 'globex' });
    assert.deepEqual([hour.length, hour[0]?.['window_start']], [3_000, DAY + 3 * HOUR_MS]);
    assert.deepEqual(await exported(store, { ...asked, dimensions: ['session'] }), []);
    await store.close();
  });
}

function callsAreExported(open: OpenStore): void {
  test('has every call of every tenant once, however many pages they take', async () => {
    const store = await open();
    const calls = TENANTS.flatMap((tenantId) =>
      Array.from({ length: 700 }, (_, at) =>
        aCall({ tenantId, requestId: `r${at}`, timestampMs: minute(0) + (at % 50), costPicoUsd: 2n ** 62n }),
      ),
    );
    const deltas = TENANTS.map((tenantId) => aDelta({ series: { ...SERIES, tenantId } }));
    await commitNext(store, { tallies: deltas, calls: calls.map((call) => ({ kind: 'full' as const, call })) });
    const rows = await exported(store, { dataset: 'calls' });
    assert.equal(rows.length, 2_100);
    assert.equal(new Set(rows.map((row) => `${row['tenant_id']} ${row['request_id']}`)).size, 2_100);
    assert.equal(sumOf(rows, 'estimated_cost_usd'), 2_100n * 2n ** 62n);
    assert.equal(rows[0]?.['metadata'], '{"app":"web"}');
    const own = await exported(store, { dataset: 'calls', tenantId: ['globex'] });
    assert.deepEqual([own.length, count(own, 'tenant_id'), own[0]?.['tenant_id']], [700, 1, 'globex']);
    assert.deepEqual(await exported(store, { dataset: 'calls', toMs: minute(0) }), []);
    await store.close();
  });
}

function chargesAreExported(open: OpenStore): void {
  test('has charges of each period, which add up, with their provenance', async () => {
    const store = await open();
    const rates = book.priceOf({
      provider: 'openai',
      model: 'gpt-4.1-mini',
      atMs: minute(0),
      promptTokens: 0,
      serviceTier: '',
    })?.rates;
    const cost = BigInt(100 * (rates?.input ?? 0) + 10 * (rates?.output ?? 0));
    const usage = [0, 1, 61, 25 * 60].map((at) =>
      aUsageDelta({
        windowStartMs: minute(at),
        billed: aBilled({ model: 'gpt-4.1-mini' }),
        usage: aUsage({ calls: 1, inputTokens: 100, outputTokens: 10, listCalls: 1, cost }),
      }),
    );
    const deltas = usage.map(({ windowStartMs }) => aDelta({ windowStartMs, tally: aTally({ requests: 1, cost }) }));
    await commitNext(store, { tallies: deltas, usages: usage, completeThroughMs: DAY + DAY_MS });
    const hours = await exported(store, { dataset: 'focus', stepMs: HOUR_MS });
    assert.deepEqual(
      hours.map((row) => [row['ChargePeriodStart'], row['x_TokenType'], row['x_RequestCount'], row['x_IsComplete']]),
      [
        [minute(0), 'input', 2, true],
        [minute(0), 'output', null, true],
        [minute(60), 'input', 1, true],
        [minute(60), 'output', null, true],
        [minute(25 * 60), 'input', 1, false],
        [minute(25 * 60), 'output', null, false],
      ],
    );
    assert.equal(sumOf(hours, 'BilledCost'), 4n * cost);
    const days = await exported(store, { dataset: 'focus', stepMs: DAY_MS, billingAccount: 'ours' });
    assert.deepEqual([days.length, sumOf(days, 'BilledCost'), sumOf(days, 'x_RequestCount')], [4, 4n * cost, 4n]);
    const [first] = days;
    assert.match(String(first?.['x_PriceVersion']), /^genai-prices .*: openai gpt-4\.1-mini$/);
    assert.deepEqual(
      [first?.['x_CostSource'], first?.['x_CompleteUntil'], first?.['BillingAccountId'], first?.['SubAccountId']],
      ['list', DAY + DAY_MS, 'ours', 'acme'],
    );
    assert.deepEqual(await exported(store, { dataset: 'focus', stepMs: DAY_MS, tenantId: 'other' }), []);
    await store.close();
  });
}
