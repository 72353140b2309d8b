import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { NONE } from '../../tally/series.ts';
import { DAY_MS, HOUR_MS } from '../../tally/window.ts';
import {
  aBilled,
  aDelta,
  aDimensionDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  DAY,
  metricsQuery,
  plain,
  repricedSums,
} from '../contract/builders.ts';
import { MemoryMetricsStore } from '../memory/memory-metrics-store.ts';
import type { MetricsRow } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import { openSqliteMetricsStore } from './sqlite-metrics-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'streamlens-open-hours-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const HOURS = 72;
/** Few, so that they meet again; of three days. */
const HOURS_CALLED = [0, 1, 2, 22, 23, 24, 25, 30, 48];
const at = (hour: number): number => DAY + hour * HOUR_MS;

/** Calls of hours, in one commit at another; or what is done to a store besides. */
type Step =
  | { readonly kind: 'commit'; readonly hours: readonly number[]; readonly user: string; readonly atHour: number }
  | { readonly kind: 'reprice'; readonly hour: number }
  | { readonly kind: 'prune'; readonly beforeHour: number };

const anyHour = fc.constantFrom(...HOURS_CALLED);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      hours: fc.array(anyHour, { minLength: 1, maxLength: 4 }),
      user: fc.constantFrom('a', 'b', NONE),
      atHour: anyHour,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reprice' as const), hour: anyHour }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune' as const), beforeHour: anyHour }) },
);

test('a day is all its hours, whichever of them is open, came late, was repriced or is no longer kept', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 24 }), async (steps) => {
      const stores = [openSqliteMetricsStore({ path: join(directory, `${run++}.db`) }), new MemoryMetricsStore()];
      const callsOf = new Map<number, { calls: number; cost: bigint }>();
      for (const each of steps) {
        for (const store of stores) await doStep(store, each, callsOf);
        noteStep(each, callsOf);
        const [found, expected] = await Promise.all(stores.map(answers));
        assert.deepEqual(found, expected);
      }
      for (const store of stores) await store.close();
    }),
    { numRuns: 60 },
  );
});

type CallsOf = Map<number, { calls: number; cost: bigint }>;

async function doStep(store: MetricsStore, step: Step, callsOf: CallsOf): Promise<void> {
  if (step.kind === 'prune') {
    const hoursMs = at(step.beforeHour);
    await store.prune({ minutesMs: 0, hoursMs, daysMs: 0, callsMs: 0, deadLettersMs: 0 });
  } else if (step.kind === 'reprice') {
    const { calls = 0, cost = 0n } = callsOf.get(step.hour) ?? {};
    const { series, billed } = aUsageDelta({ billed: aBilled() });
    const expected = repricedSums({ costPicoUsd: cost, listCalls: calls });
    const change = repricedSums({ costPicoUsd: 7n });
    await store.reprice([{ series, windowStartMs: at(step.hour), billed, change, expected }], at(HOURS));
  } else {
    const tally = aTally({ requests: 1, completed: 1, cost: 9n, pricedByList: 1 });
    const usage = aUsage({ calls: 1, listCalls: 1, cost: 9n });
    const places = step.hours.map((of) => ({ windowStartMs: at(of) }));
    await commitNext(store, {
      committedAtMs: at(step.atHour),
      tallies: places.map((place) => aDelta({ ...place, tally })),
      usages: places.map((place) => aUsageDelta({ ...place, billed: aBilled(), usage })),
      dimensions: places.map((place) => aDimensionDelta({ ...place, value: step.user, tally })),
    });
  }
}

function noteStep(step: Step, callsOf: CallsOf): void {
  const add = (of: number, calls: number, cost: bigint): void => {
    const before = callsOf.get(of) ?? { calls: 0, cost: 0n };
    callsOf.set(of, { calls: before.calls + calls, cost: before.cost + cost });
  };
  if (step.kind === 'commit') for (const of of step.hours) add(of, 1, 9n);
  else if (step.kind === 'reprice' && callsOf.has(step.hour)) add(step.hour, 0, 7n);
}

/** By hour and day, in both orders, over parts of days and all of it. */
async function answers(store: MetricsStore): Promise<readonly unknown[]> {
  const dimension = { name: 'user', value: null };
  const all = { groupBy: ['dimension'], dimension, fromMs: DAY, toMs: at(HOURS) } as const;
  const found: unknown[] = [];
  for (const order of ['asc', 'desc'] as const) {
    for (const stepMs of [HOUR_MS, DAY_MS]) {
      found.push(told(await store.readMetrics(metricsQuery({ ...all, stepMs, order }))));
    }
    found.push(told(await store.readMetrics(metricsQuery({ ...all, stepMs: DAY_MS, order, limit: 1 }))));
  }
  for (const query of [all, { ...all, fromMs: at(24) }, { ...all, toMs: at(30) }, { ...all, toMs: at(50) }]) {
    found.push(told(await store.readSummary(metricsQuery(query))));
  }
  return found;
}

function told(rows: readonly MetricsRow[]): readonly unknown[] {
  return rows.map(({ windowStartMs, value, tally }) => [(windowStartMs - DAY) / HOUR_MS, value, plain(tally)]);
}
