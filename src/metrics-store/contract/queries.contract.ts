import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { TallyDelta } from '../commit.ts';
import type { Dimension, GroupBy, MetricsCursor, MetricsQuery, MetricsRow } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import {
  aDelta,
  aTally,
  aUsageDelta,
  changesQuery,
  commitNext,
  metricsQuery,
  minute,
  type OpenStore,
  SERIES,
} from './builders.ts';

/** Reading rows: range, order, step, groups, filters, cursors; changes and dimensions. */
export function queriesContract(open: OpenStore): void {
  test('rows come newest window first, within a window by route and model', async () => {
    const store = await filled(open);
    assert.deepEqual(keys(await store.readMetrics(metricsQuery({ limit: 5 }))), [
      `${minute(1500)} a x null 2`,
      `${minute(1500)} a y null 2`,
      `${minute(1500)} b x null 2`,
      `${minute(1500)} b y null 2`,
      `${minute(61)} a x null 2`,
    ]);
    const oldest = await store.readMetrics(metricsQuery({ limit: 1, order: 'asc' }));
    assert.deepEqual(keys(oldest), [`${minute(0)} a x null 2`]);
    await store.close();
  });

  test('the range is half open: a window that starts at its end is not in it', async () => {
    const store = await filled(open);
    const rows = await store.readMetrics(metricsQuery({ fromMs: minute(1), toMs: minute(61), groupBy: [] }));
    assert.deepEqual(keys(rows), [`${minute(1)} null null null 8`]);
    await store.close();
  });

  test('rows of another tenant are never seen', async () => {
    const store = await filled(open);
    assert.deepEqual(await store.readMetrics(metricsQuery({ tenantId: 'nobody' })), []);
    const rows = await store.readMetrics(metricsQuery({ tenantId: 'other', groupBy: [] }));
    assert.deepEqual(keys(rows), [`${minute(0)} null null null 1`]);
    await store.close();
  });

  test('each set of groups sums what is not grouped by', async () => {
    const store = await filled(open);
    const first = async (...groupBy: GroupBy[]): Promise<string[]> =>
      keys(await store.readMetrics(metricsQuery({ groupBy, toMs: minute(1) })));
    assert.deepEqual(await first(), [`${minute(0)} null null null 8`]);
    assert.deepEqual(await first('route'), [`${minute(0)} a null null 4`, `${minute(0)} b null null 4`]);
    assert.deepEqual(await first('model'), [`${minute(0)} null x null 4`, `${minute(0)} null y null 4`]);
    assert.deepEqual(await first('provider'), [`${minute(0)} null null  4`, `${minute(0)} null null p 4`]);
    assert.equal((await first('route', 'model', 'provider')).length, 8);
    await store.close();
  });

  test('filters by route, model and provider hold together', async () => {
    const store = await filled(open);
    const find = async (parts: Partial<MetricsQuery>): Promise<string[]> =>
      keys(await store.readMetrics(metricsQuery({ toMs: minute(1), groupBy: [], ...parts })));
    assert.deepEqual(await find({ route: 'a' }), [`${minute(0)} null null null 4`]);
    assert.deepEqual(await find({ model: 'x' }), [`${minute(0)} null null null 4`]);
    assert.deepEqual(await find({ provider: '' }), [`${minute(0)} null null null 4`]);
    assert.deepEqual(await find({ route: 'a', model: 'x', provider: 'p' }), [`${minute(0)} null null null 1`]);
    assert.deepEqual(await find({ route: 'nothing' }), []);
    assert.deepEqual(await find({ provider: 'nothing' }), []);
    await store.close();
  });

  test('rows by error kind count each way to end, add up to the group, and claim nothing that is not kept by kind', async () => {
    const store = await open();
    const series = { ...SERIES, model: 'other' };
    const tally = aTally({
      requests: 9,
      completed: 8,
      errors: 5,
      errorsTimeout: 2,
      errorsAuth: 1,
      cancelled: 1,
      cost: 7n,
    });
    const quiet = aTally({ requests: 2, completed: 1, unanswered: 1, latenciesMs: [5] });
    await commitNext(store, { tallies: [aDelta({ tally }), aDelta({ series, tally: quiet })] });
    await commitNext(store, { tallies: [aDelta({ series: { ...SERIES, tenantId: 'other' }, tally })] });
    const query = metricsQuery({ groupBy: ['model', 'error_kind'] });
    const counts = (rows: readonly MetricsRow[]) =>
      rows.map((row) => [row.model, row.errorKind, row.tally.requests, row.tally.completed, row.tally.errors]);
    const rows = await store.readMetrics(query);
    assert.deepEqual(counts(rows), [
      ['gpt', '', 3, 2, 0],
      ['gpt', 'auth', 1, 1, 1],
      ['gpt', 'cancelled', 1, 1, 0],
      ['gpt', 'other', 2, 2, 2],
      ['gpt', 'timeout', 2, 2, 2],
      ['other', '', 2, 1, 0],
    ]);
    for (const row of rows) assert.deepEqual([row.tally.costPicoUsd.value, row.tally.latency.count], [0n, 0]);
    assert.deepEqual(counts(await store.readSummary(query)), counts(rows));
    const ofAll = await store.readSummary({ ...query, tenantId: null, groupBy: ['error_kind'] });
    assert.deepEqual(
      ofAll.map((row) => [row.errorKind, row.tally.requests, row.tally.errorsTimeout, row.tally.cancelled]),
      [
        ['', 8, 0, 0],
        ['auth', 2, 0, 0],
        ['cancelled', 2, 0, 2],
        ['other', 4, 0, 0],
        ['timeout', 4, 4, 0],
      ],
    );
    await store.close();
  });

  test('every step sums the minutes that lie in it', async () => {
    const store = await filled(open);
    const find = async (stepMs: number): Promise<string[]> =>
      keys(await store.readMetrics(metricsQuery({ stepMs, groupBy: [], order: 'asc' }))).map((key) =>
        key.replaceAll(' null', ''),
      );
    assert.deepEqual(await find(MINUTE_MS), [at(0, 8), at(1, 8), at(61, 8), at(1500, 8)]);
    assert.deepEqual(await find(5 * MINUTE_MS), [at(0, 16), at(60, 8), at(1500, 8)]);
    assert.deepEqual(await find(15 * MINUTE_MS), [at(0, 16), at(60, 8), at(1500, 8)]);
    assert.deepEqual(await find(HOUR_MS), [at(0, 16), at(60, 8), at(1500, 8)]);
    assert.deepEqual(await find(DAY_MS), [at(0, 24), at(1440, 8)]);
    await store.close();
  });

  for (const order of ['asc', 'desc'] as const) {
    for (const limit of [1, 2, 3, 7]) {
      test(`pages of ${limit} in order ${order} give together what one big page gives, in every grouping`, async () => {
        const store = await filled(open);
        for (const groupBy of [
          [],
          ['route'],
          ['route', 'model'],
          ['provider'],
          ['route', 'model', 'provider'],
          ['error_kind'],
          ['route', 'error_kind'],
        ] as const) {
          for (const stepMs of [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]) {
            const query = metricsQuery({ order, groupBy, stepMs });
            assert.deepEqual(await readPages(store, { ...query, limit }), keys(await store.readMetrics(query)));
          }
        }
        await store.close();
      });
    }
  }

  test('a change is seen from its instant on, oldest change first', async () => {
    const store = await open();
    await commitNext(store, { committedAtMs: 100, tallies: [aDelta({ windowStartMs: minute(5) })] });
    await commitNext(store, { committedAtMs: 200, tallies: [aDelta({ windowStartMs: minute(3) })] });
    await commitNext(store, { committedAtMs: 300, tallies: [aDelta({ windowStartMs: minute(5) })] });
    const seen = async (sinceMs: number): Promise<unknown[]> =>
      (await store.readChanges(changesQuery({ sinceMs }))).map((row) => [
        row.changedAtMs,
        row.windowStartMs,
        row.tally.requests,
        row.revision,
      ]);
    const [third, fifth] = [
      [200, minute(3), 1, 1],
      [300, minute(5), 2, 2],
    ];
    assert.deepEqual(await seen(0), [third, fifth]);
    assert.deepEqual(await seen(200), [third, fifth]);
    assert.deepEqual(await seen(201), [fifth]);
    assert.deepEqual(await seen(301), []);
    await store.close();
  });

  test('a changed row is merged over its providers, those that did not change included', async () => {
    const store = await open();
    await commitNext(store, { committedAtMs: 100, tallies: [by('p'), by('q')] });
    await commitNext(store, { committedAtMs: 200, tallies: [by('p')] });
    const rows = await store.readChanges(changesQuery({ sinceMs: 150 }));
    assert.deepEqual(
      rows.map((row) => [row.tally.requests, row.revision, row.changedAtMs]),
      [[3, 3, 200]],
    );
    assert.equal((await store.readChanges(changesQuery({ sinceMs: 50 }))).length, 1);
    await store.close();
  });

  test('changes are filtered by tenant, route and model', async () => {
    const store = await filled(open);
    assert.equal((await store.readChanges(changesQuery({}))).length, 16);
    assert.equal((await store.readChanges(changesQuery({ route: 'a' }))).length, 8);
    assert.equal((await store.readChanges(changesQuery({ route: 'a', model: 'y' }))).length, 4);
    assert.equal((await store.readChanges(changesQuery({ tenantId: 'other' }))).length, 1);
    assert.equal((await store.readChanges(changesQuery({ tenantId: 'nobody' }))).length, 0);
    await store.close();
  });

  test('a limit never parts the changes of one instant', async () => {
    const store = await open();
    for (const committedAtMs of [100, 200, 300]) {
      const tallies = [0, 1, 2].map((i) => aDelta({ windowStartMs: minute(committedAtMs + i) }));
      await commitNext(store, { committedAtMs, tallies });
    }
    const seen = async (limit: number, sinceMs = 0): Promise<number[]> =>
      (await store.readChanges(changesQuery({ limit, sinceMs }))).map((row) => row.changedAtMs);
    assert.deepEqual(await seen(1), [100, 100, 100]);
    assert.deepEqual(await seen(4), [100, 100, 100, 200, 200, 200]);
    assert.deepEqual(await seen(2, 101), [200, 200, 200]);
    await store.close();
  });

  test('a series that claims to come from the future is as active as when it came', async () => {
    const store = await open();
    await commitNext(store, { committedAtMs: minute(5) + 1, tallies: [aDelta({ windowStartMs: minute(90_000_000) })] });
    const [series] = await store.readDimensions('acme');
    assert.equal(series?.lastWindowStartMs, minute(5));
    await commitNext(store, { committedAtMs: minute(7), tallies: [aDelta({ windowStartMs: minute(6) })] });
    assert.equal((await store.readDimensions('acme'))[0]?.lastWindowStartMs, minute(6));
    await store.close();
  });

  test('a series of which all was taken back is no dimension until it counts again', async () => {
    const store = await open();
    const moved = { ...SERIES, tenantId: 'moved' };
    const valuesOf = async (dimension: Dimension): Promise<string[]> => {
      const query = { tenantId: null, dimension, limit: 10, after: null };
      return (await store.readDimensionValues(query)).map(({ value }) => value);
    };
    await commitNext(store, { tallies: [aDelta(), aDelta({ series: moved, tally: aTally({ requests: 2 }) })] });
    await commitNext(store, { tallies: [aDelta({ series: moved, tally: aTally({ requests: -2 }) })] });
    assert.deepEqual(await store.readDimensions('moved'), []);
    assert.deepEqual((await store.readDimensions(null)).length, 1);
    assert.deepEqual([await valuesOf('tenant'), await valuesOf('model')], [['acme'], [SERIES.model]]);
    await commitNext(store, { tallies: [aDelta({ series: moved })] });
    assert.deepEqual(await valuesOf('tenant'), ['acme', 'moved']);
    await store.close();
  });

  test('dimensions are the series seen, each with its newest window', async () => {
    const store = await filled(open);
    await commitNext(store, {
      tallies: [aDelta({ series: { ...SERIES, tenantId: 'other', route: 'r' }, windowStartMs: minute(0) })],
    });
    const other = { tenantId: 'other', model: 'gpt', provider: 'openai', lastWindowStartMs: minute(0) };
    assert.deepEqual(await store.readDimensions('other'), [
      { ...other, route: 'chat' },
      { ...other, route: 'r' },
    ]);
    const acme = await store.readDimensions('acme');
    assert.equal(acme.length, 8);
    assert.ok(acme.every((series) => series.lastWindowStartMs === minute(1500)));
    const tenants = (await store.readDimensions(null)).map((series) => series.tenantId);
    assert.deepEqual(tenants, [...Array.from({ length: 8 }, () => 'acme'), 'other', 'other']);
    assert.deepEqual(await store.readDimensions('nobody'), []);
    await commitNext(store, { usages: [aUsageDelta({ series: { ...SERIES, tenantId: 'nobody' } })] });
    assert.deepEqual(await store.readDimensions('nobody'), []);
    await store.close();
  });
}

const at = (index: number, count: number): string => `${minute(index)} ${count}`;
const by = (provider: string): TallyDelta => aDelta({ series: { ...SERIES, provider } });

/** Two routes, two models, two providers in four minutes over two days; one row of another tenant. */
async function filled(open: OpenStore): Promise<MetricsStore> {
  const store = await open();
  const series = ['b', 'a'].flatMap((route) =>
    ['y', 'x'].flatMap((model) => ['p', ''].map((provider) => ({ ...SERIES, route, model, provider }))),
  );
  const tallies = [1500, 0, 61, 1].flatMap((index) =>
    series.map((one) =>
      aDelta({
        series: one,
        windowStartMs: minute(index),
        tally: aTally({
          requests: 1,
          completed: 1,
          errors: index % 2,
          errorsAuth: Number(index === 1),
          latenciesMs: [index],
        }),
      }),
    ),
  );
  await commitNext(store, { tallies, committedAtMs: minute(1501) });
  await commitNext(store, { tallies: [aDelta({ series: { ...SERIES, tenantId: 'other' } })] });
  return store;
}

function cursorOf({ windowStartMs, tenantId, route, model, provider, errorKind }: MetricsRow): MetricsCursor {
  return {
    windowStartMs,
    tenantId: tenantId ?? '',
    route: route ?? '',
    model: model ?? '',
    provider: provider ?? '',
    errorKind: errorKind ?? '',
  };
}

function keys(rows: readonly MetricsRow[]): string[] {
  return rows.map(({ windowStartMs, route, model, provider, errorKind, tally }) => {
    const kind = errorKind === null ? '' : ` ${errorKind}`;
    return `${windowStartMs} ${route} ${model} ${provider} ${tally.requests}${kind}`;
  });
}

/** All rows, by following the cursor. */
async function readPages(store: MetricsStore, query: MetricsQuery): Promise<string[]> {
  const all: string[] = [];
  let after: MetricsCursor | null = null;
  for (;;) {
    const page: readonly MetricsRow[] = await store.readMetrics({ ...query, after });
    const last = page.at(-1);
    if (last === undefined) return all;
    assert.ok(page.length <= query.limit);
    all.push(...keys(page));
    after = cursorOf(last);
  }
}
