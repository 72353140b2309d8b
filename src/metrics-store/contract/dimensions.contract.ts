import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { NONE, OVERFLOW, REPRICED } from '../../tally/series.ts';
import { addTally, subtractTally, Tally } from '../../tally/tally.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type ResolutionMs } from '../../tally/window.ts';
import { busiestOf } from '../busiest.ts';
import type { DimensionDelta, TallyDelta } from '../commit.ts';
import type { MetricsQuery, MetricsRow } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import { ReadBudget } from '../read-budget.ts';
import {
  aBilled,
  aCommit,
  aDelta,
  aDimensionDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  commitOne,
  DAY,
  metricsQuery,
  minute,
  type OpenStore,
  plain,
  repricedSums,
  SERIES,
} from './builders.ts';

const HOUR = (index: number): number => DAY + index * HOUR_MS;

function byUser(parts: Partial<MetricsQuery> & { readonly stepMs?: number; readonly value?: string } = {}) {
  const { value = null, ...query } = parts;
  return metricsQuery({
    stepMs: DAY_MS,
    groupBy: ['dimension'],
    order: 'asc',
    dimension: { name: 'user', value },
    ...query,
  });
}

const requestsOf = (rows: readonly MetricsRow[]) =>
  rows.map(({ windowStartMs, value, tally }) => [(windowStartMs - DAY) / HOUR_MS, value, tally.requests]);

/** What calls are summed by beside their series. */
export function dimensionsContract(open: OpenStore): void {
  test('a value is added up by hour and day, in any number of commits', async () => {
    const store = await open();
    await commitNext(store, { dimensions: [aDimensionDelta(), aDimensionDelta({ value: 'u2' })] });
    await commitNext(store, { dimensions: [aDimensionDelta({ windowStartMs: HOUR(5) })] });
    await commitNext(store, { dimensions: [aDimensionDelta({ windowStartMs: HOUR(24) }), aDimensionDelta()] });
    assert.deepEqual(requestsOf(await store.readMetrics(byUser())), [
      [0, 'u1', 3],
      [0, 'u2', 1],
      [24, 'u1', 1],
    ]);
    assert.deepEqual(requestsOf(await store.readMetrics(byUser({ stepMs: HOUR_MS, value: 'u1' }))), [
      [0, 'u1', 2],
      [5, 'u1', 1],
      [24, 'u1', 1],
    ]);
    assert.deepEqual(requestsOf(await store.readMetrics(byUser({ stepMs: HOUR_MS, order: 'desc', limit: 2 }))), [
      [24, 'u1', 1],
      [5, 'u1', 1],
    ]);
    assert.deepEqual(
      await store.readMetrics(metricsQuery({ stepMs: DAY_MS })),
      [],
      'the series have rows of their own',
    );
    await store.close();
  });

  test('what a dimension is asked may be grouped and filtered by the series as well', async () => {
    const store = await open();
    const of = (route: string, model: string, value: string) =>
      aDimensionDelta({ series: { ...SERIES, route, model }, value });
    const dimensions = [of('a', 'm', 'u1'), of('b', 'm', 'u1'), of('a', 'n', 'u2'), of('b', 'n', 'u2')];
    await commitNext(store, { dimensions: [...dimensions, aDimensionDelta({ dimension: 'team', value: 'u1' })] });
    const found = async (query: Parameters<typeof byUser>[0]) =>
      (await store.readMetrics(byUser(query))).map(({ route, model, value, tally }) => [
        route,
        model,
        value,
        tally.requests,
      ]);
    assert.deepEqual(await found({ route: 'a' }), [
      [null, null, 'u1', 1],
      [null, null, 'u2', 1],
    ]);
    assert.deepEqual(await found({ groupBy: ['model', 'dimension'], value: 'u2' }), [[null, 'n', 'u2', 2]]);
    assert.deepEqual(await found({ groupBy: ['route'], value: 'u1' }), [
      ['a', null, undefined, 1],
      ['b', null, undefined, 1],
    ]);
    assert.deepEqual(await found({ groupBy: [], value: 'nobody' }), []);
    assert.deepEqual(await found({ groupBy: [], tenantId: 'other' }), []);
    assert.equal((await found({ groupBy: [], dimension: { name: 'team', value: null } })).length, 1);
    const summary = await store.readSummary(byUser());
    assert.deepEqual(
      summary.map(({ value, tally }) => [value, tally.requests]),
      [
        ['u1', 2],
        ['u2', 2],
      ],
    );
    await store.close();
  });

  test('entries that are read count as rows do, whether they are asked for or not', async () => {
    const store = await open();
    const dimensions = ['a', 'b', 'c'].map((value) => aDimensionDelta({ value }));
    await commitNext(store, { dimensions });
    const ask = (rowsMax: number) => store.readMetrics(byUser({ value: 'b', budget: new ReadBudget(rowsMax) }));
    assert.deepEqual(requestsOf(await ask(3)), [[0, 'b', 1]]);
    await assert.rejects(ask(2), { name: 'TooMuchToRead' });
    await store.close();
  });

  test('a page goes on after the last value of the page before', async () => {
    const store = await open();
    const values = ['a', 'b', 'c', 'd', 'e'];
    await commitNext(store, { dimensions: values.map((value) => aDimensionDelta({ value })) });
    const after = { windowStartMs: DAY, tenantId: '', route: '', model: '', provider: '', value: 'b', errorKind: '' };
    const page = await store.readMetrics(byUser({ after, limit: 2 }));
    assert.deepEqual(
      page.map(({ value }) => value),
      ['c', 'd'],
    );
    await store.close();
  });

  test('minutes are found where they were kept, and add up to hours and days', async () => {
    const store = await open();
    const at = (index: number) => aDimensionDelta({ windowStartMs: minute(index), windowMs: MINUTE_MS });
    await commitNext(store, { dimensions: [at(0), at(1), at(61)] });
    const counts = async (stepMs: number) =>
      (await store.readMetrics(byUser({ stepMs }))).map(({ tally }) => tally.requests);
    assert.deepEqual(await counts(MINUTE_MS), [1, 1, 1]);
    assert.deepEqual(await counts(5 * MINUTE_MS), [2, 1]);
    assert.deepEqual(await counts(HOUR_MS), [2, 1]);
    assert.deepEqual(await counts(DAY_MS), [3]);
    await store.close();
  });

  test('beyond the limit of a tenant, dimension and day values are added up under __overflow__', async () => {
    const store = await open({ dimensionValuesMax: 2 });
    const of = (value: string, parts: Parameters<typeof aDimensionDelta>[0] = {}) =>
      aDimensionDelta({ value, ...parts });
    await commitNext(store, { dimensions: [of('a'), of('b'), of(NONE), of('c'), of(OVERFLOW)] });
    await commitNext(store, {
      dimensions: [of('d', { windowStartMs: HOUR(3) }), of('a'), of('c', { windowStartMs: HOUR(24) })],
    });
    await commitNext(store, {
      dimensions: [of('e', { dimension: 'team' }), of('f', { series: { ...SERIES, tenantId: 'other' } })],
    });
    assert.deepEqual(requestsOf(await store.readMetrics(byUser())), [
      [0, NONE, 1],
      [0, OVERFLOW, 3],
      [0, 'a', 2],
      [0, 'b', 1],
      [24, 'c', 1],
    ]);
    // What is taken back is taken from where it was added.
    await commitNext(store, {
      dimensions: [of('c', { tally: aTally({ requests: -1 }) }), of('a', { tally: aTally({ requests: -2 }) })],
    });
    const after = requestsOf(await store.readMetrics(byUser({ toMs: DAY + DAY_MS })));
    assert.deepEqual(after, [
      [0, NONE, 1],
      [0, OVERFLOW, 2],
      [0, 'b', 1],
    ]);
    assert.equal((await store.readMetrics(byUser({ tenantId: 'other' })))[0]?.value, 'f');
    await store.close();
  });

  test('values of any characters are told apart, as far as they can be stored', async () => {
    const store = await open();
    const values = [
      '\u{1F600}'.repeat(127),
      `${'\u{1F600}'.repeat(126)}é`,
      'A',
      'a',
      ' a',
      'nul\0',
      'lone\ud800',
      "o'x",
      '',
    ];
    await commitNext(store, { dimensions: values.map((value) => aDimensionDelta({ value })) });
    const rows = await store.readMetrics(byUser());
    const stored = values.map((value) => value.toWellFormed().replaceAll('\0', '\uFFFD'));
    assert.deepEqual(new Set(rows.map(({ value }) => value)), new Set(stored));
    for (const value of stored) assert.equal((await store.readMetrics(byUser({ value }))).length, 1, value);
    await store.close();
  });

  test('a commit that was applied adds nothing when it is sent again, and a fenced one never does', async () => {
    const store = await open();
    const commit = aCommit({ dimensions: [aDimensionDelta()] });
    await commitOne(store, commit);
    await commitOne(store, commit);
    await commitOne(store, { ...commit, token: 'another' });
    assert.deepEqual(requestsOf(await store.readMetrics(byUser())), [[0, 'u1', 1]]);
    await store.close();
  });

  test('with all values the rows add up to those of the series, whatever is added, taken back, and in which order', async () => {
    const store = await open({ dimensionValuesMax: 3 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(delta, { maxLength: 40 }), fc.infiniteStream(fc.nat(4)), async (parts, cuts) => {
        const tenantId = `tenant-${run++}`;
        const all = parts.flat().map((part) => ({ ...part, series: { ...part.series, tenantId } }));
        for (let rest = all; rest.length > 0; ) {
          const batch = rest.slice(0, 1 + (cuts.next().value ?? 0));
          rest = rest.slice(batch.length);
          // The delta's own objects are not the store's to keep.
          await commitNext(store, {
            tallies: batch.map(({ series, windowStartMs, tally }) => ({ series, windowStartMs, tally })),
            dimensions: batch,
          });
        }
        for (const stepMs of [HOUR_MS, DAY_MS]) {
          const groupBy = ['route', 'model', 'provider'] as const;
          const main = await store.readMetrics(metricsQuery({ tenantId, stepMs, groupBy, order: 'asc' }));
          const whole = await store.readMetrics(byUser({ tenantId, stepMs, groupBy }));
          assert.deepEqual(texts(whole), texts(main));
          const apart = await store.readMetrics(byUser({ tenantId, stepMs, groupBy: [...groupBy, 'dimension'] }));
          assert.deepEqual(texts(addedUp(apart)), texts(main));
          await assertBusiest(
            store,
            byUser({ tenantId, route: stepMs === HOUR_MS ? 'a' : null, groupBy: ['dimension'] }),
          );
          for (const value of new Set(apart.map((row) => row.value ?? ''))) {
            const alone = await store.readMetrics(
              byUser({ tenantId, stepMs, groupBy: [...groupBy, 'dimension'], value }),
            );
            assert.deepEqual(texts(alone), texts(apart.filter((row) => row.value === value)));
          }
        }
      }),
      { numRuns: 40 },
    );
    await store.close();
  });

  test('sums of millions of calls stay exact', async () => {
    const store = await open();
    const tally = aTally({ requests: 2 ** 40, latencyUsSum: 2 ** 51, promptTokens: 2 ** 50 - 1, cost: 2n ** 60n + 1n });
    for (let i = 0; i < 3; i++) await commitNext(store, { dimensions: [aDimensionDelta({ tally })] });
    const [row] = await store.readMetrics(byUser());
    assert.deepEqual(
      [row?.tally.promptTokens, row?.tally.costPicoUsd.value, row?.tally.requests],
      [3 * (2 ** 50 - 1), 3n * (2n ** 60n + 1n), 3 * 2 ** 40],
    );
    await store.close();
  });

  test('many small commits and many values are read as one sum each', async () => {
    const store = await open();
    const users = Array.from({ length: 40 }, (_, i) => `user-${i}`);
    for (let i = 0; i < 120; i++) {
      const dimensions = users.map((value, at) =>
        aDimensionDelta({
          value,
          tally: aTally({ requests: 1, completed: 1, latencyKnown: 1, latenciesMs: [i * at + 1], cost: BigInt(at) }),
        }),
      );
      await commitNext(store, { dimensions });
    }
    const rows = await store.readMetrics(byUser());
    assert.deepEqual(
      rows.map(({ value, tally }) => [value, tally.requests, tally.latency.count, tally.costPicoUsd.value]),
      users.map((value, at) => [value, 120, 120, BigInt(at * 120)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
    await store.close();
  });

  test('a new price changes the cost of a dimension as it changes that of the series, under a value of its own', async () => {
    const store = await open();
    const tally = aTally({ requests: 1, completed: 1, cost: 9n, pricedByList: 1 });
    const usage = aUsageDelta({ billed: aBilled(), usage: aUsage({ calls: 1, listCalls: 1, cost: 9n }) });
    const tallies = [aDelta({ tally })];
    await commitNext(store, { tallies, usages: [usage], dimensions: [aDimensionDelta({ tally })] });
    const { series, windowStartMs, billed } = usage;
    const expected = repricedSums({ costPicoUsd: 9n, listCalls: 1 });
    const change = repricedSums({ costPicoUsd: 41n });
    assert.equal(await store.reprice([{ series, windowStartMs, billed, change, expected }], minute(9)), 1);
    for (const stepMs of [HOUR_MS, DAY_MS]) {
      const rows = await store.readMetrics(byUser({ stepMs }));
      assert.deepEqual(
        rows.map(({ value, tally: sums }) => [value, sums.requests, sums.costPicoUsd.value]),
        [
          [REPRICED, 0, 41n],
          ['u1', 1, 9n],
        ],
      );
      assert.deepEqual(
        texts(await store.readMetrics(byUser({ stepMs, groupBy: [] }))),
        texts(await store.readMetrics(metricsQuery({ stepMs, groupBy: [] }))),
      );
    }
    await store.close();
  });

  test('rows of dimensions are forgotten with those of the series', async () => {
    const store = await open();
    const nothing = { minutesMs: 0, hoursMs: 0, daysMs: 0, callsMs: 0, deadLettersMs: 0 };
    const at = (startMs: number) => aDimensionDelta({ windowStartMs: startMs, windowMs: MINUTE_MS });
    await commitNext(store, { dimensions: [at(DAY), at(DAY + 40 * DAY_MS)] });
    const counts = async () => {
      const sizes: number[] = [];
      for (const stepMs of [MINUTE_MS, HOUR_MS, DAY_MS])
        sizes.push((await store.readMetrics(byUser({ stepMs, toMs: DAY + 50 * DAY_MS }))).length);
      return sizes;
    };
    await store.prune({ ...nothing, minutesMs: DAY, hoursMs: DAY, daysMs: DAY });
    assert.deepEqual(await counts(), [2, 2, 2]);
    await store.prune({ ...nothing, minutesMs: DAY + DAY_MS });
    assert.deepEqual(await counts(), [1, 2, 2]);
    await store.prune({ ...nothing, minutesMs: DAY + DAY_MS, hoursMs: DAY + DAY_MS });
    assert.deepEqual(await counts(), [1, 1, 2]);
    await store.prune({ ...nothing, minutesMs: DAY + DAY_MS, hoursMs: DAY + DAY_MS, daysMs: DAY + DAY_MS });
    assert.deepEqual(await counts(), [1, 1, 1]);
    await commitNext(store, { dimensions: [at(DAY), at(DAY + 40 * DAY_MS)] });
    assert.deepEqual(await rowsOfUser(store), [1, 2]);
    await store.close();
  });
}

/** Where a store finds the busiest by itself, they are those of all. */
async function assertBusiest(store: MetricsStore, query: MetricsQuery): Promise<void> {
  if (store.readBusiest === undefined) return;
  const all = await store.readSummary(query);
  for (const limit of [1, 3, 100]) {
    const found = await store.readBusiest(query, limit);
    const expected = busiestOf(all, limit);
    assert.deepEqual([found.groupCount, found.distinctValues], [expected.groupCount, expected.distinctValues]);
    assert.deepEqual(
      found.rows.map((row) => [row.value, plain(row.tally)]),
      expected.rows.map((row) => [row.value, plain(row.tally)]),
    );
  }
}

const rowsOfUser = async (store: MetricsStore): Promise<number[]> =>
  (await store.readMetrics(byUser({ toMs: DAY + 50 * DAY_MS }))).map(({ tally }) => tally.requests);

function texts(rows: readonly MetricsRow[]): readonly unknown[] {
  return rows.map(({ windowStartMs, route, model, provider, tally }) => [
    windowStartMs,
    route,
    model,
    provider,
    // Those of values that were all taken back are not there any more, so the largest of the rest may be smaller.
    { ...plain(tally), latencyUsMax: 0 },
  ]);
}

/** Rows of one window and series as one, in their order. */
function addedUp(rows: readonly MetricsRow[]): readonly MetricsRow[] {
  const sums = new Map<string, MetricsRow>();
  for (const row of rows) {
    const key = `${row.windowStartMs} ${row.route} ${row.model} ${row.provider}`;
    const sum = sums.get(key) ?? { ...row, tally: new Tally() };
    addTally(sum.tally, row.tally);
    sums.set(key, sum);
  }
  return [...sums.values()].filter(({ tally }) => tally.requests !== 0);
}

const delta: fc.Arbitrary<readonly (DimensionDelta & Pick<TallyDelta, 'tally'>)[]> = fc
  .record({
    hour: fc.integer({ min: 0, max: 50 }),
    value: fc.constantFrom('u1', 'u2', 'u3', 'u4', 'u5', NONE),
    route: fc.constantFrom('a', 'b'),
    model: fc.constantFrom('m', 'n'),
    provider: fc.constantFrom('', 'p'),
    requests: fc.integer({ min: 1, max: 5 }),
    latencyMs: fc.integer({ min: 0, max: 100_000 }),
    cost: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    windowMs: fc.constantFrom<ResolutionMs>(HOUR_MS, MINUTE_MS),
    isTakenBack: fc.boolean(),
  })
  .map(({ hour, value, route, model, provider, requests, latencyMs, cost, windowMs, isTakenBack }) => {
    const latency = { latenciesMs: [latencyMs], latencyKnown: 1, latencyUsSum: latencyMs * 1000 };
    const tally = aTally({ requests, cost: cost / 7n, ...latency });
    const series = { ...SERIES, route, model, provider };
    const place = { value, series, windowStartMs: HOUR(hour), windowMs };
    const of = (sums: Tally) => ({ ...aDimensionDelta({ ...place, tally: sums }), tally: sums });
    const taken = new Tally();
    subtractTally(taken, tally);
    return isTakenBack ? [of(tally), of(taken)] : [of(tally)];
  });
