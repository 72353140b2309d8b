import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedSteps, oneStep, type Steps } from '../../tally/steps.ts';
import { addTally, isEmptyTally, Tally } from '../../tally/tally.ts';
import { TimeZone } from '../../tally/time-zone.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { zonedSteps } from '../../tally/zoned-steps.ts';
import type { GroupBy, MetricsCursor, MetricsQuery, MetricsRow } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import { aDelta, aTally, commitNext, DAY, metricsQuery, minute, type OpenStore, plain, SERIES } from './builders.ts';

const RANGE = { fromMs: DAY - 2 * DAY_MS, toMs: DAY + 4 * DAY_MS };
const GROUPINGS: readonly (readonly GroupBy[])[] = [
  [],
  ['tenant_id'],
  ['route', 'model'],
  ['tenant_id', 'route', 'provider'],
];
const zone = (name: string, stepMs: number): Steps => zonedSteps(new TimeZone(name), stepMs);

/**
 * Ranges with ends anywhere, days of any zone, all tenants at once: each must be the sum of the minutes that lie in it.
 */
export function rangesContract(open: OpenStore): void {
  test('a summary of any range is the sum of its minutes, read from days, hours and minutes', async () => {
    const store = await filled(open);
    const ranges = [
      [0, 1],
      [10, 70],
      [17, 1440 + 17],
      [-1440 - 1, 3 * 1440 + 59],
      [60, 3 * 1440 + 60],
      [-2880, 4 * 1440],
      [5000, 5000],
    ] as const;
    for (const tenantId of ['acme', 'other', null]) {
      for (const groupBy of GROUPINGS) {
        for (const [from, to] of ranges) {
          const query = metricsQuery({ tenantId, groupBy, fromMs: minute(from), toMs: minute(to) });
          const expected = await sumOfMinutes(store, { ...query, steps: oneStep() });
          assert.deepEqual(
            rowTexts(await store.readSummary(query)),
            expected,
            `${tenantId} ${groupBy.join()} ${from} ${to}`,
          );
        }
      }
    }
    await store.close();
  });

  for (const [name, stepMs] of [
    ['America/New_York', DAY_MS],
    ['Asia/Kolkata', DAY_MS],
    ['Asia/Kathmandu', HOUR_MS],
    ['Australia/Lord_Howe', 6 * HOUR_MS],
  ] as const) {
    test(`steps of ${stepMs / HOUR_MS} hours in ${name} are the sums of their minutes, with parts at the edges`, async () => {
      const store = await filled(open);
      for (const order of ['asc', 'desc'] as const) {
        for (const tenantId of ['acme', null]) {
          const range = { fromMs: minute(-700), toMs: minute(3 * 1440 + 11) };
          const query = metricsQuery({ ...range, tenantId, order, groupBy: ['tenant_id', 'model'], limit: 10_000 });
          const zoned = { ...query, steps: zone(name, stepMs) };
          const rows = await store.readMetrics(zoned);
          assert.deepEqual(rowTexts(rows), await sumOfMinutes(store, zoned));
          assert.deepEqual(rowTexts(await readPages(store, { ...zoned, limit: 2 })), rowTexts(rows));
        }
      }
      await store.close();
    });
  }

  test('all tenants together are the rows of each, apart or added up, page by page in both orders', async () => {
    const store = await filled(open);
    for (const order of ['asc', 'desc'] as const) {
      for (const groupBy of GROUPINGS) {
        const query = metricsQuery({ ...RANGE, tenantId: null, order, groupBy, steps: fixedSteps(HOUR_MS) });
        const rows = await store.readMetrics(query);
        assert.deepEqual(rowTexts(rows), await sumOfMinutes(store, query));
        assert.ok(rows.every((row) => (row.tenantId !== null) === groupBy.includes('tenant_id')));
        for (const limit of [1, 3]) {
          assert.deepEqual(rowTexts(await readPages(store, { ...query, limit })), rowTexts(rows));
        }
      }
    }
    await store.close();
  });

  test('the span is the days with rows', async () => {
    const store = await open();
    assert.equal(await store.readSpan(null), null);
    await commitNext(store, {
      tallies: [aDelta({ windowStartMs: minute(1500) }), aDelta({ windowStartMs: minute(3) })],
    });
    assert.deepEqual(await store.readSpan('acme'), { fromMs: DAY, toMs: DAY + 2 * DAY_MS });
    assert.deepEqual(await store.readSpan(null), await store.readSpan('acme'));
    assert.equal(await store.readSpan('nobody'), null);
    await store.close();
  });
}

/**
 * Minutes at odd distances over five days, of three tenants with two routes each; one of them has been quiet for days.
 */
async function filled(open: OpenStore): Promise<MetricsStore> {
  const store = await open();
  const indexes = [-1441, -1440, -1, 0, 1, 17, 59, 60, 330, 1097, 1439, 1440, 1457, 2879, 3 * 1440 + 10, 4 * 1440 - 1];
  const tallies = ['acme', 'other', 'quiet'].flatMap((tenantId, tenant) =>
    ['a', 'b'].flatMap((route) =>
      indexes.slice(0, tenantId === 'quiet' ? 3 : indexes.length - tenant).map((index, at) =>
        aDelta({
          series: { ...SERIES, tenantId, route, provider: at % 2 === 0 ? 'p' : 'q' },
          windowStartMs: minute(index),
          tally: aTally({ requests: 1 + tenant, completed: 1, latencyUsMax: at, cost: 7n, latenciesMs: [at + 1] }),
        }),
      ),
    ),
  );
  await commitNext(store, { tallies });
  return store;
}

/** What the query must answer, from the rows of single minutes per tenant and series. */
export async function sumOfMinutes(
  store: MetricsStore,
  query: MetricsQuery,
  tenants: readonly string[] = [query.tenantId ?? ['acme', 'other', 'quiet']].flat(),
): Promise<string[]> {
  const rows = new Map<string, MetricsRow>();
  for (const tenantId of tenants) {
    const groupBy = ['tenant_id', 'route', 'model', 'provider'] as const;
    const minutes = { ...query, tenantId, steps: fixedSteps(MINUTE_MS), groupBy, limit: 100_000, after: null };
    for (const minuteRow of await store.readMetrics(minutes)) {
      const step = query.steps.at(minuteRow.windowStartMs);
      const of = (name: GroupBy, value: string | null): string | null => (query.groupBy.includes(name) ? value : null);
      const names = {
        tenantId: of('tenant_id', tenantId),
        route: of('route', minuteRow.route),
        model: of('model', minuteRow.model),
        provider: of('provider', minuteRow.provider),
        errorKind: null,
      };
      const windowStartMs = Math.max(step.fromMs, query.fromMs);
      const key = JSON.stringify([windowStartMs, names]);
      const windowEndMs = Math.min(step.toMs, query.toMs);
      const row = rows.get(key) ?? { windowStartMs, windowEndMs, ...names, tally: new Tally() };
      addTally(row.tally, minuteRow.tally);
      rows.set(key, row);
    }
  }
  const sign = query.order === 'asc' ? 1 : -1;
  const names = (row: MetricsRow): string => `${row.tenantId}\0${row.route}\0${row.model}\0${row.provider}`;
  const inSummary = query.steps.at(0).toMs === Number.MAX_SAFE_INTEGER;
  return rowTexts(
    // What was taken back again is no row.
    [...rows.values()]
      .filter(({ tally }) => !isEmptyTally(tally))
      .sort((a, b) => (inSummary ? 0 : sign * (a.windowStartMs - b.windowStartMs)) || (names(a) < names(b) ? -1 : 1)),
  );
}

export function rowTexts(rows: readonly MetricsRow[]): string[] {
  return rows.map(({ tally, ...names }) =>
    JSON.stringify(
      [names.windowStartMs, names.windowEndMs, names.tenantId, names.route, names.model, plain(tally)],
      (_, value) => (typeof value === 'bigint' ? String(value) : (value as unknown)),
    ),
  );
}

export async function readPages(store: MetricsStore, query: MetricsQuery): Promise<readonly MetricsRow[]> {
  const all: MetricsRow[] = [];
  let after: MetricsCursor | null = null;
  for (;;) {
    const page: readonly MetricsRow[] = await store.readMetrics({ ...query, after });
    const last = page.at(-1);
    if (last === undefined) return all;
    assert.ok(page.length <= query.limit);
    all.push(...page);
    const { windowStartMs, tenantId, route, model, provider } = last;
    const names = { tenantId: tenantId ?? '', route: route ?? '', model: model ?? '', provider: provider ?? '' };
    after = { windowStartMs, ...names, errorKind: '' };
  }
}
