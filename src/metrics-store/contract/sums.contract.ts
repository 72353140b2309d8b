import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { OVERFLOW } from '../../tally/series.ts';
import { addTally, Tally } from '../../tally/tally.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import type { TallyDelta } from '../commit.ts';
import {
  aCommit,
  aDelta,
  anEvaluation,
  aTally,
  commitNext,
  commitOne,
  DAY,
  evaluationsQuery,
  metricsQuery,
  minute,
  type OpenStore,
  plain,
  SERIES,
} from './builders.ts';

/** Additivity: whatever the order and the batches, a row is the sum of its deltas. */
export function sumsContract(open: OpenStore): void {
  test('every field of a tally is added, the maximum is kept, and histograms merge', async () => {
    const store = await open();
    const parts = {
      requests: 3,
      completed: 2,
      unanswered: 1,
      errors: 1,
      latencyUsSum: 1_500,
      latencyUsMax: 900,
      promptTokens: 100,
      promptTokensKnown: 2,
      completionTokens: 50,
      completionTokensKnown: 1,
      cachedPromptTokens: 7,
      cacheWriteTokens: 6,
      reasoningTokens: 5,
      unpricedRequests: 1,
      cost: 123n,
      latenciesMs: [0, 0.6, 0.9, 1_000],
      firstTokensMs: [5],
    };
    const other = { ...parts, latencyUsMax: 1_200, latenciesMs: [0.6, 2_592_000_000], firstTokensMs: [] };
    await commitNext(store, { tallies: [aDelta({ tally: aTally(parts) })] });
    await commitNext(store, { tallies: [aDelta({ tally: aTally(other) })] });
    const expected = aTally(parts);
    addTally(expected, aTally(other));
    for (const stepMs of [MINUTE_MS, HOUR_MS, DAY_MS]) {
      const rows = await store.readMetrics(metricsQuery({ stepMs }));
      assert.deepEqual(
        rows.map((row) => plain(row.tally)),
        [plain(expected)],
      );
    }
    await store.close();
  });

  test('a commit that names one row twice adds both', async () => {
    const store = await open();
    await commitNext(store, { tallies: [aDelta(), aDelta({ tally: aTally({ requests: 5 }) }), aDelta()] });
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, 7);
    await store.close();
  });

  test('a delta may take away, down to below zero', async () => {
    const store = await open();
    await commitNext(store, { tallies: [aDelta({ tally: aTally({ unanswered: 2, cost: -5n }) })] });
    await commitNext(store, { tallies: [aDelta({ tally: aTally({ unanswered: -3, cost: 3n }) })] });
    const [row] = await store.readMetrics(metricsQuery());
    assert.deepEqual([row?.tally.unanswered, row?.tally.costPicoUsd.value], [-1, -2n]);
    await store.close();
  });

  test('cost stays exact far beyond 2^53 pico-USD', async () => {
    const store = await open();
    const odd = 2n ** 60n + 1n;
    for (let i = 0; i < 3; i++) await commitNext(store, { tallies: [aDelta({ tally: aTally({ cost: odd }) })] });
    for (const stepMs of [MINUTE_MS, HOUR_MS, DAY_MS]) {
      const [row] = await store.readMetrics(metricsQuery({ stepMs }));
      assert.equal(row?.tally.costPicoUsd.value, 3n * odd);
    }
    await store.close();
  });

  test('deltas in any order and any batches give the same minutes, and hours and days are their sums', async () => {
    const store = await open();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(deltaArbitrary, { maxLength: 30 }),
        fc.infiniteStream(fc.nat(4)),
        async (parts, cuts) => {
          const tenantId = `tenant-${run++}`;
          const deltas = parts.map(({ series, ...rest }) => ({ ...rest, series: { ...series, tenantId } }));
          for (const batch of cut(deltas, cuts)) await commitNext(store, { partition: run % 4, tallies: batch });
          for (const stepMs of [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]) {
            const rows = await store.readMetrics(
              metricsQuery({ tenantId, stepMs, groupBy: ['route', 'model', 'provider'], order: 'asc' }),
            );
            const found = rows.map((row) => [
              `${row.windowStartMs} ${row.route} ${row.model} ${row.provider}`,
              plain(row.tally),
            ]);
            assert.deepEqual(Object.fromEntries(found), sumsOf(deltas, stepMs));
          }
        },
      ),
      { numRuns: 40 },
    );
    await store.close();
  });

  test('series beyond the limit of a tenant are added up under __overflow__, those known before are not', async () => {
    const store = await open({ maxSeriesPerTenant: 2 });
    await commitNext(store, { tallies: [of('a'), of('b'), of('c', 'x'), of('d', 'y')] });
    await commitNext(store, { tallies: [of('a', 'another provider'), of('e'), of('c', 'x')] });
    await commitNext(store, { tallies: [{ ...of('z'), series: { ...SERIES, tenantId: 'other', route: 'z' } }] });
    const rows = await store.readMetrics(metricsQuery());
    const found = rows.map(({ route, model, tally }) => [route, model, tally.requests]);
    assert.deepEqual(found, [
      [OVERFLOW, OVERFLOW, 4],
      ['a', 'gpt', 2],
      ['b', 'gpt', 1],
    ]);
    assert.equal((await store.readMetrics(metricsQuery({ tenantId: 'other' })))[0]?.route, 'z');
    const total = await store.readMetrics(metricsQuery({ stepMs: DAY_MS, groupBy: [] }));
    assert.equal(total[0]?.tally.requests, 7);
    await store.close();
  });

  test('evaluations obey the limit of series as well', async () => {
    const store = await open({ maxSeriesPerTenant: 1 });
    await commitNext(store, { evaluations: [anEvaluation({ route: 'a' }), anEvaluation({ route: 'b' })] });
    const rows = await store.readEvaluations(evaluationsQuery({ route: OVERFLOW }));
    assert.equal(rows[0]?.tally.count, 1);
    await store.close();
  });

  test('the hundred-and-first provider of a pair is added up under the provider __overflow__', async () => {
    const store = await open();
    const deltas = Array.from({ length: 103 }, (_, i) => aDelta({ series: { ...SERIES, provider: `p${i}` } }));
    await commitNext(store, { tallies: deltas });
    const rows = await store.readMetrics(metricsQuery({ provider: OVERFLOW, groupBy: ['provider'] }));
    assert.equal(rows[0]?.tally.requests, 3);
    await store.close();
  });

  test('the longest dimensions of four-byte characters are kept apart', async () => {
    const store = await open();
    const names = ['a', 'b'].map(long);
    const tenantId = long('t');
    const deltas = names.flatMap((route) =>
      names.map((model) => aDelta({ series: { tenantId, route, model, provider: long('p') } })),
    );
    const evaluations = names.map((name) => anEvaluation({ tenantId, name, route: long('a'), model: long('b') }));
    await commitNext(store, { tallies: deltas, evaluations });
    const rows = await store.readMetrics(metricsQuery({ tenantId }));
    assert.deepEqual(
      rows.map(({ route, model, tally }) => [route, model, tally.requests]),
      [
        [long('a'), long('a'), 1],
        [long('a'), long('b'), 1],
        [long('b'), long('a'), 1],
        [long('b'), long('b'), 1],
      ],
    );
    assert.equal((await store.readEvaluations(evaluationsQuery({ tenantId }))).length, 2);
    await store.close();
  });

  test('windows of 1970 and of 2199 are rows like any other', async () => {
    const store = await open();
    const starts = [0, Date.UTC(2199, 11, 31, 23, 59)];
    await commitNext(store, { tallies: starts.map((windowStartMs) => aDelta({ windowStartMs })) });
    const rows = await store.readMetrics(metricsQuery({ fromMs: 0, toMs: Date.UTC(2200, 0), order: 'asc' }));
    assert.deepEqual(
      rows.map((row) => row.windowStartMs),
      starts,
    );
    await store.close();
  });

  test('two thousand rows fit into one commit', async () => {
    const store = await open();
    const tallies = Array.from({ length: 2_000 }, (_, i) =>
      aDelta({ windowStartMs: minute(i), tally: aTally({ requests: 1, latenciesMs: [i] }) }),
    );
    assert.equal(await commitOne(store, aCommit({ tallies })), 'applied');
    const rows = await store.readMetrics(
      metricsQuery({ stepMs: DAY_MS, groupBy: [], fromMs: DAY, toMs: DAY + 2 * DAY_MS }),
    );
    assert.deepEqual(
      rows.map((row) => row.tally.latency.count),
      [560, 1_440],
    );
    await store.close();
  });
}

const of = (route: string, provider = ''): TallyDelta => aDelta({ series: { ...SERIES, route, provider } });

/** A dimension of the greatest length in characters and in bytes. */
const long = (last: string): string => `${'𝄞'.repeat(254)}${last}`;

const deltaArbitrary = fc.record({
  series: fc.record({
    tenantId: fc.constant(''),
    route: fc.constantFrom('a', 'b', 'ä'),
    model: fc.constantFrom('m', 'n'),
    provider: fc.constantFrom('', 'p'),
  }),
  windowStartMs: fc.constantFrom(0, 1, 59, 60, 61, 1_439, 1_440).map(minute),
  tally: fc
    .record({
      requests: fc.nat(1_000),
      errors: fc.nat(10),
      latencyUsSum: fc.maxSafeNat().map((value) => Math.floor(value / 100)),
      latencyUsMax: fc.nat(),
      cost: fc.bigInt({ min: 0n, max: 2n ** 56n }),
      latenciesMs: fc.array(fc.double({ min: 0, max: 2_592_000_000, noNaN: true }), { maxLength: 20 }),
    })
    .map((parts) => aTally(parts)),
});

/** Consecutive batches of the sizes that `sizes` gives. */
function cut<T>(items: readonly T[], sizes: Iterator<number>): T[][] {
  const batches: T[][] = [];
  for (let at = 0; at < items.length; ) {
    const size = 1 + Number(sizes.next().value);
    batches.push(items.slice(at, at + size));
    at += size;
  }
  return batches;
}

/** The naive sums, in the reverse order of the deltas. */
function sumsOf(deltas: readonly TallyDelta[], stepMs: number): Record<string, unknown> {
  const sums = new Map<string, Tally>();
  for (const { series, windowStartMs, tally } of deltas.toReversed()) {
    const key = `${Math.floor(windowStartMs / stepMs) * stepMs} ${series.route} ${series.model} ${series.provider}`;
    const sum = sums.get(key) ?? new Tally();
    addTally(sum, tally);
    sums.set(key, sum);
  }
  return Object.fromEntries([...sums].map(([key, tally]) => [key, plain(tally)]));
}
