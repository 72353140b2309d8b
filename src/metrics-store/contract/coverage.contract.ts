import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SENDER_CALLS_SUMS, SenderCalls } from '../../tally/sender-calls.ts';
import { OVERFLOW } from '../../tally/series.ts';
import { HOUR_MS } from '../../tally/window.ts';
import type { MetricsStore } from '../metrics-store.ts';
import {
  type CoveragePageQuery,
  type CoverageSums,
  INTERVALS_MAX,
  METERS_PER_HOUR_MAX,
  type MeterDelta,
  SENDERS_PER_HOUR_MAX,
  type Sender,
  type SenderCallsDelta,
} from '../sender-use.ts';
import { aCommit, commitNext, commitOne, DAY, type OpenStore } from './builders.ts';

const hour = (index: number): number => DAY + index * HOUR_MS;
const SENDER: Sender = { tenantId: 'acme', hourStartMs: hour(0), service: 'agent', session: 's1' };

type Calls = Partial<Record<(typeof SENDER_CALLS_SUMS)[number], number>> & { readonly cost?: bigint };

function callsOf({ cost = 0n, ...counts }: Calls, parts: Partial<Sender> = {}): SenderCallsDelta {
  const sums = new SenderCalls();
  for (const field of SENDER_CALLS_SUMS) sums[field] = counts[field] ?? 0;
  sums.costPicoUsd.addBig(cost);
  return { ...SENDER, ...parts, sums };
}

function aMeter(parts: Partial<MeterDelta> = {}): MeterDelta {
  const series = { stream: 'a'.repeat(32), scope: 'scope', precedence: 0, part: 'prompt', isDelta: false } as const;
  return { ...SENDER, ...series, total: 0, intervals: new Map(), lost: 0, ...parts };
}

function aDeltaMeter(intervals: Readonly<Record<string, number>>, parts: Partial<MeterDelta> = {}): MeterDelta {
  return aMeter({ stream: 'd'.repeat(32), isDelta: true, intervals: new Map(Object.entries(intervals)), ...parts });
}

function coverageQuery(parts: Partial<CoveragePageQuery> = {}): CoveragePageQuery {
  const all = { tenantId: 'acme', service: null, session: null, fromMs: DAY, toMs: DAY + 48 * HOUR_MS };
  return { ...all, limit: 1000, after: null, ...parts };
}

/** `[hour, service, session, calls, prompt tokens of calls, prompt tokens of metrics]`, null where there are none. */
async function rowsOf(store: MetricsStore, parts: Partial<CoveragePageQuery> = {}): Promise<unknown[]> {
  const rows = await store.readCoverage(coverageQuery(parts));
  return rows.map((row) => [(row.hourStartMs - DAY) / HOUR_MS, row.service, row.session, ...shortOf(row)]);
}

function shortOf({ calls, metered }: CoverageSums): readonly (number | null)[] {
  return [calls?.calls ?? null, calls?.promptTokens ?? null, metered?.promptTokens ?? null];
}

/** What senders used, by two witnesses. */
export function coverageContract(open: OpenStore): void {
  test('what was seen of a sender as calls stands beside what its own metrics say, and neither is added to the other', async () => {
    const store = await open();
    await commitNext(store, {
      senderCalls: [callsOf({ calls: 2, promptTokens: 90, completionTokens: 7, unpricedCalls: 1, cost: 5n })],
      meters: [
        aMeter({ total: 60 }),
        aMeter({ stream: 'b'.repeat(32), part: 'cached_beside', total: 40 }),
        aMeter({ stream: 'c'.repeat(32), part: 'completion', total: 8 }),
        aMeter({ stream: 'e'.repeat(32), part: 'reasoning_beside', total: 2 }),
        aMeter({ stream: 'f'.repeat(32), part: 'cost', total: 11_691_000 }),
      ],
    });
    const [row, ...others] = await store.readCoverage(coverageQuery());
    assert.equal(others.length, 0);
    assert.deepEqual([row?.tenantId, row?.hourStartMs, row?.service, row?.session], ['acme', hour(0), 'agent', 's1']);
    assert.deepEqual(
      SENDER_CALLS_SUMS.map((field) => row?.calls?.[field]),
      [2, 90, 7, 0, 0, 0, 1],
    );
    assert.equal(row?.calls?.costPicoUsd.value, 5n);
    assert.deepEqual(row?.metered, {
      promptTokens: 100,
      completionTokens: 10,
      cachedPromptTokens: 40,
      cacheWriteTokens: null,
      reasoningTokens: 2,
      costNanoUsd: 11_691_000,
    });
    await store.close();
  });

  test('what was added to the calls of a sender is taken back without a trace', async () => {
    const store = await open();
    await commitNext(store, { senderCalls: [callsOf({ calls: 3, promptTokens: 30, cost: 9n })] });
    await commitNext(store, { senderCalls: [callsOf({ calls: -1, promptTokens: -10, cost: -3n })] });
    assert.deepEqual(await rowsOf(store), [[0, 'agent', 's1', 2, 20, null]]);
    const [row] = await store.readCoverage(coverageQuery());
    assert.equal(row?.calls?.costPicoUsd.value, 6n);
    await commitNext(store, { senderCalls: [callsOf({ calls: -2, promptTokens: -20, cost: -6n })] });
    assert.deepEqual(await rowsOf(store), []);
    await store.close();
  });

  test('a cumulative series counts what it grew by in each hour, over hours in which nothing came', async () => {
    const store = await open();
    await commitNext(store, { meters: [aMeter({ hourStartMs: hour(4), total: 130 }), aMeter({ total: 100 })] });
    await commitNext(store, { meters: [aMeter({ hourStartMs: hour(1), total: 120 }), aMeter({ total: 70 })] });
    const grown = [
      [4, 'agent', 's1', null, null, 10],
      [1, 'agent', 's1', null, null, 20],
      [0, 'agent', 's1', null, null, 100],
    ];
    assert.deepEqual(await rowsOf(store), grown);
    assert.deepEqual(await rowsOf(store, { fromMs: hour(2) }), grown.slice(0, 1));
    await store.close();
  });

  test('a delta series counts each of its intervals once, however often it comes', async () => {
    const store = await open();
    await commitNext(store, { meters: [aDeltaMeter({ '1-2': 5, '2-3': 7 })] });
    await commitNext(store, { meters: [aDeltaMeter({ '2-3': 7, '3-4': 1 }), aDeltaMeter({ '1-2': 5 })] });
    assert.deepEqual(await rowsOf(store), [[0, 'agent', 's1', null, null, 13]]);
    await store.close();
  });

  test('states of series in any order, repeated and in any commits, come to the same', async () => {
    const states = [
      ...[0, 1, 2].flatMap((index) => [
        aMeter({ hourStartMs: hour(index), total: 10 * index + 3 }),
        aMeter({ total: 1 }),
      ]),
      aMeter({ stream: 'b'.repeat(32), hourStartMs: hour(1), total: 8 }),
      aDeltaMeter({ '1-2': 5 }),
      aDeltaMeter({ '2-3': 6, '3-4': 7 }, { hourStartMs: hour(2) }),
    ];
    const order = fc.shuffledSubarray([...states, ...states], { minLength: 2 * states.length });
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: 6 }), async (meters, size) => {
        const store = await open();
        for (let at = 0; at < meters.length; at += size) {
          await commitNext(store, { meters: meters.slice(at, at + size) });
        }
        assert.deepEqual(await rowsOf(store), [
          [2, 'agent', 's1', null, null, 23],
          [1, 'agent', 's1', null, null, 18],
          [0, 'agent', 's1', null, null, 8],
        ]);
        await store.close();
      }),
      { numRuns: 6 },
    );
  });

  test('of several metrics of a scope that tell the same tokens the first by precedence counts, the cost apart', async () => {
    const store = await open();
    const stream = (letter: string) => letter.repeat(32);
    await commitNext(store, {
      meters: [
        aMeter({ precedence: 3, total: 100 }),
        aMeter({ stream: stream('b'), precedence: 0, total: 90 }),
        aMeter({ stream: stream('c'), precedence: 4, part: 'cost', total: 5 }),
        aMeter({ stream: stream('d'), precedence: 3, scope: 'another', total: 1 }),
        aMeter({ stream: stream('e'), precedence: 3, session: 's2', total: 7 }),
      ],
    });
    assert.deepEqual(await rowsOf(store), [
      [0, 'agent', 's1', null, null, 91],
      [0, 'agent', 's2', null, null, 7],
    ]);
    const [row] = await store.readCoverage(coverageQuery());
    assert.equal(row?.metered?.costNanoUsd, 5);
    await store.close();
  });

  test('where the metrics of a sender name no session, its calls stand beside them, but for sessions with metrics', async () => {
    const store = await open();
    await commitNext(store, {
      senderCalls: [
        callsOf({ calls: 1, promptTokens: 10 }),
        callsOf({ calls: 1, promptTokens: 20 }, { session: 's2' }),
        callsOf({ calls: 1, promptTokens: 40 }, { session: 's3' }),
        callsOf({ calls: 1, promptTokens: 80 }, { service: 'other', session: 's4' }),
        callsOf({ calls: 1, promptTokens: 5 }, { hourStartMs: hour(1) }),
      ],
      meters: [aMeter({ session: '', total: 50 }), aMeter({ stream: 'b'.repeat(32), session: 's3', total: 40 })],
    });
    assert.deepEqual(await rowsOf(store), [
      [1, 'agent', 's1', 1, 5, null],
      [0, 'agent', '', 2, 30, 50],
      [0, 'agent', 's3', 1, 40, 40],
      [0, 'other', 's4', 1, 80, null],
    ]);
    await store.close();
  });

  test('coverage comes in pages, of one tenant or all, of one service or session, and as totals of each sender', async () => {
    const store = await open();
    await commitNext(store, {
      senderCalls: [
        callsOf({ calls: 1, promptTokens: 1 }),
        callsOf({ calls: 1, promptTokens: 2 }, { session: 's2', hourStartMs: hour(1) }),
        callsOf({ calls: 1, promptTokens: 4 }, { tenantId: 'beta', service: 'web', session: '' }),
      ],
      meters: [aMeter({ total: 3 }), aMeter({ hourStartMs: hour(1), total: 9 })],
    });
    const all = [
      [1, 'agent', 's1', null, null, 6],
      [1, 'agent', 's2', 1, 2, null],
      [0, 'agent', 's1', 1, 1, 3],
      [0, 'web', '', 1, 4, null],
    ];
    assert.deepEqual(await rowsOf(store, { tenantId: null }), all);
    assert.deepEqual(await rowsOf(store), all.slice(0, 3));
    assert.deepEqual(await rowsOf(store, { tenantId: null, service: 'web' }), all.slice(3));
    assert.deepEqual(await rowsOf(store, { session: 's2' }), all.slice(1, 2));
    assert.deepEqual(await rowsOf(store, { tenantId: 'nobody' }), []);
    const pages: unknown[] = [];
    for (let after: Sender | null = null; pages.length < all.length; ) {
      const [row] = await store.readCoverage(coverageQuery({ tenantId: null, limit: 1, after }));
      assert.ok(row);
      pages.push([(row.hourStartMs - DAY) / HOUR_MS, row.service, row.session, ...shortOf(row)]);
      after = row;
    }
    assert.deepEqual(pages, all);
    const totals = await store.readCoverageTotals(coverageQuery({ tenantId: null }));
    assert.deepEqual(
      totals.map((row) => [row.tenantId, row.service, ...shortOf(row)]),
      [
        ['acme', 'agent', 2, 3, 9],
        ['beta', 'web', 1, 4, null],
      ],
    );
    await store.close();
  });

  test('the calls that metrics are compared with are those of sessions that metrics tell of, in whatever hour', async () => {
    const store = await open();
    await commitNext(store, {
      senderCalls: [
        callsOf({ calls: 1, promptTokens: 30, completionTokens: 3 }),
        callsOf({ calls: 1, promptTokens: 500 }, { session: 'without metrics' }),
        callsOf({ calls: 1, promptTokens: 7 }, { service: 'bare', session: 's3' }),
        callsOf({ calls: 1, promptTokens: 9 }, { service: 'silent' }),
      ],
      meters: [
        aMeter({ hourStartMs: hour(1), total: 40 }),
        aMeter({ stream: 'b'.repeat(32), hourStartMs: hour(1), service: 'bare', session: '', total: 8 }),
      ],
    });
    const totals = await store.readCoverageTotals(coverageQuery());
    assert.deepEqual(
      totals.map((row) => [row.service, row.calls?.promptTokens, row.metered?.promptTokens, row.witnessedTokens]),
      [
        ['agent', 530, 40, 33],
        ['bare', 7, 8, 7],
        ['silent', 9, undefined, 0],
      ],
    );
    await store.close();
  });

  test('of a fenced commit neither calls nor metrics are kept', async () => {
    const store = await open();
    await commitNext(store, {});
    const late = aCommit({ senderCalls: [callsOf({ calls: 1 })], meters: [aMeter({ total: 5 })], token: 'late' });
    assert.equal(await commitOne(store, late), 'fenced');
    assert.deepEqual(await rowsOf(store), []);
    await store.close();
  });

  test('what is too old is forgotten, and a series that goes on still counts only what it grew by', async () => {
    const store = await open();
    const later = aMeter({ hourStartMs: hour(5), total: 150 });
    await commitNext(store, {
      senderCalls: [callsOf({ calls: 1 }), callsOf({ calls: 1, promptTokens: 50 }, { hourStartMs: hour(5) })],
      meters: [aMeter({ total: 60 }), aMeter({ hourStartMs: hour(1), total: 100 }), later, aDeltaMeter({ '1-2': 5 })],
    });
    const days = { minutesMs: 0, daysMs: 0, callsMs: 0, deadLettersMs: 0 };
    await store.prune({ ...days, hoursMs: hour(3) });
    assert.deepEqual(await rowsOf(store), [[5, 'agent', 's1', 1, 50, 50]]);
    await commitNext(store, { meters: [later] });
    assert.deepEqual(await rowsOf(store), [[5, 'agent', 's1', 1, 50, 50]]);
    await store.prune({ ...days, hoursMs: hour(6) });
    assert.deepEqual(await rowsOf(store), []);
    await store.close();
  });

  test('an interval beyond the room of its hour is not kept, and counted, in one commit and in several', async () => {
    const store = await open();
    const intervals = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${from + i}-${from + i + 1}`, 1]));
    await commitNext(store, { meters: [aDeltaMeter(intervals(0, INTERVALS_MAX - 1))] });
    await commitNext(store, { meters: [aDeltaMeter(intervals(INTERVALS_MAX - 1, 3))] });
    await commitNext(store, { meters: [aDeltaMeter(intervals(0, 5))] });
    await commitNext(store, {
      meters: [
        aDeltaMeter(intervals(0, INTERVALS_MAX), { session: 's2', stream: 'e'.repeat(32) }),
        aDeltaMeter(intervals(INTERVALS_MAX, 4), { session: 's2', stream: 'e'.repeat(32) }),
      ],
    });
    const rows = await store.readCoverage(coverageQuery());
    assert.deepEqual(
      rows.map(({ session, metered, lostPoints }) => [session, metered?.promptTokens, lostPoints]),
      [
        ['s1', INTERVALS_MAX, 2],
        ['s2', INTERVALS_MAX, 4],
      ],
    );
    assert.deepEqual(await store.readMeterRoom(hour(0)), { registers: 2, lostPoints: 6 });
    assert.deepEqual(await store.readMeterRoom(hour(1)), { registers: 0, lostPoints: 0 });
    await store.close();
  });

  test('an hour has a bounded number of senders and series, and says where it had more', async () => {
    const store = await open();
    const names = (count: number) => Array.from({ length: count }, (_, index) => index.toString(16).padStart(32, '0'));
    await commitNext(store, {
      senderCalls: names(SENDERS_PER_HOUR_MAX).map((session) => callsOf({ calls: 1 }, { session })),
      meters: names(METERS_PER_HOUR_MAX).map((stream) => aMeter({ stream, session: '', service: 'web', total: 1 })),
    });
    await commitNext(store, {
      senderCalls: [callsOf({ calls: 1 }, { session: 'x1' }), callsOf({ calls: 1 }, { session: 'x2' })],
      meters: [aMeter({ stream: 'f'.repeat(32), total: 9 }), aDeltaMeter({ '1-2': 1, '2-3': 1 })],
    });
    await commitNext(store, { senderCalls: [callsOf({ calls: -1 }, { session: 'x2' })] });
    const totals = await store.readCoverageTotals(coverageQuery());
    assert.deepEqual(
      totals.map((row) => [row.service, row.calls?.calls ?? null, row.metered?.promptTokens ?? null, row.lostPoints]),
      [
        [OVERFLOW, 1, 0, 3],
        ['agent', SENDERS_PER_HOUR_MAX, null, 0],
        ['web', null, METERS_PER_HOUR_MAX, 0],
      ],
    );
    await store.close();
  });
}
