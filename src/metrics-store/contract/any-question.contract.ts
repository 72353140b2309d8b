import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { fixedSteps, oneStep, type Steps } from '../../tally/steps.ts';
import { TimeZone } from '../../tally/time-zone.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { zonedSteps } from '../../tally/zoned-steps.ts';
import type { TallyDelta } from '../commit.ts';
import { GROUPS, type MetricsQuery } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import {
  aBilled,
  aDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  DAY,
  metricsQuery,
  minute,
  type OpenStore,
  repricedSums,
  SERIES,
} from './builders.ts';
import { readPages, rowTexts, sumOfMinutes } from './ranges.contract.ts';

const DAYS = 4;
const DAYS_OF_STORE = { fromMs: DAY, beforeMs: DAY + DAYS * DAY_MS };

/** Whatever is asked, however it is read: the answer is the sum of the minutes, to the last digit. */
export function anyQuestionContract(open: OpenStore): void {
  describe('any range, step, zone, filter and group is the sum of its minutes', () => {
    let store: MetricsStore;
    before(async () => {
      store = await open();
    });
    after(() => store.close());

    // One after the other, on one store.
    for (const [stage, prepare] of STAGES) {
      test(stage, async () => {
        await prepare(store);
        await fc.assert(
          fc.asyncProperty(questions, async (query) => {
            assert.deepEqual(rowTexts(await store.readMetrics(query)), await sumOfMinutes(store, query));
          }),
          { numRuns: 40 },
        );
        await fc.assert(
          fc.asyncProperty(questions, fc.integer({ min: 1, max: 9 }), async (query, limit) => {
            const pages = await readPages(store, { ...query, steps: fixedSteps(30 * MINUTE_MS), limit: limit * 7 });
            const whole = await sumOfMinutes(store, { ...query, steps: fixedSteps(30 * MINUTE_MS) });
            assert.deepEqual(rowTexts(pages), whole);
          }),
          { numRuns: 4 },
        );
      });
    }

    test('steps below an hour when the first minutes are forgotten, in the middle of a packed day', async () => {
      await store.prune({ minutesMs: minute(1000), hoursMs: 0, daysMs: 0, callsMs: 0, deadLettersMs: 0 });
      await fc.assert(
        fc.asyncProperty(questions, fc.constantFrom(5, 10, 15, 30), async (question, minutes) => {
          const query = { ...question, steps: fixedSteps(minutes * MINUTE_MS) };
          assert.deepEqual(rowTexts(await store.readMetrics(query)), await sumOfMinutes(store, query));
        }),
        { numRuns: 40 },
      );
    });
  });
}

const STAGES: readonly (readonly [string, (store: MetricsStore) => Promise<void>])[] = [
  [
    'when all of it was just committed',
    (store) => commitNext(store, { tallies: [...somethingAt(0), BILLED], usages: [USAGE] }),
  ],
  ['when days have been packed', packAll],
  [
    'when something was added to packed days, taken back within one, and repriced',
    async (store) => {
      await commitNext(store, { tallies: [...somethingAt(7).slice(0, 9), ...MOVED] });
      const change = repricedSums({ costPicoUsd: 41n });
      const { series, windowStartMs, billed, usage } = USAGE;
      const expected = repricedSums({ costPicoUsd: usage.costPicoUsd.value, listCalls: usage.listCalls });
      assert.equal(await store.reprice([{ series, windowStartMs, billed, change, expected }], minute(9)), 1);
    },
  ],
  [
    'when some of those are packed again',
    async (store) => void (await store.packDays?.({ ...DAYS_OF_STORE, rowsMax: 1 })),
  ],
  ['when all are packed again', packAll],
];

/** Twice round, as a round may begin anywhere. */
async function packAll(store: MetricsStore): Promise<void> {
  for (let round = 0; round < 2; round++) {
    let hasMore = true;
    while (hasMore) hasMore = (await store.packDays?.({ ...DAYS_OF_STORE, rowsMax: 50 })) ?? false;
  }
}

const USAGE = aUsageDelta({
  series: { ...SERIES, route: 'r1' },
  windowStartMs: minute(130),
  billed: aBilled(),
  usage: aUsage({ calls: 1, listCalls: 1, cost: 9n }),
});

const BILLED = aDelta({
  series: USAGE.series,
  windowStartMs: USAGE.windowStartMs,
  tally: aTally({ requests: 1, cost: 9n }),
});

/** Tallies at odd places, some beyond what a double holds. The same for each `shift`. */
function somethingAt(shift: number): TallyDelta[] {
  return Array.from({ length: 160 }, (_, i) => {
    const at = (i * 37 + shift) % (DAYS * 24 * 60);
    return aDelta({
      series: { ...SERIES, route: `r${i % 3}`, model: `m${i % 2}`, provider: i % 5 === 0 ? '' : 'p' },
      windowStartMs: minute(i % 4 === 0 ? 120 + (i % 60) : (at * 31) % (DAYS * 24 * 60)),
      tally: aTally({
        requests: 1 + (i % 3),
        completed: 1,
        listCost: BigInt(i) * 300_000_000_000_000n,
        cost: BigInt(i) * 10_000_000_007n,
        latencyKnown: 1,
        latencyUsSum: i * 1_000_003,
        latencyUsMax: i * 1000,
        promptTokens: i * 70_000_000_001,
        latenciesMs: i % 7 === 0 ? [] : [i * 3, 0, (i + 1) ** 3],
        firstTokensMs: i % 6 === 0 ? [i] : [],
      }),
    });
  });
}

/** A call that turns out to belong to another minute of its day: the day's sums stay the same. */
const MOVED: readonly TallyDelta[] = [
  aDelta({ series: { ...SERIES, route: 'r1' }, windowStartMs: minute(300), tally: aTally({ requests: 5 }) }),
  aDelta({ series: { ...SERIES, route: 'r1' }, windowStartMs: minute(400), tally: aTally({ requests: -5 }) }),
];

const steps: fc.Arbitrary<Steps> = fc.oneof(
  fc.constant(oneStep()),
  fc.constantFrom(1, 5, 10, 15, 30, 60, 180, 360, 720, 1440, 7, 90).map((minutes) => fixedSteps(minutes * MINUTE_MS)),
  fc
    .tuple(
      fc.constantFrom('America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns'),
      fc.constantFrom(HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS),
    )
    .map(([name, stepMs]) => zonedSteps(new TimeZone(name), stepMs)),
);

const instants = fc.oneof(
  fc.integer({ min: -2000, max: DAYS * 1440 + 100 }).map(minute),
  fc.integer({ min: -24, max: DAYS * 24 }).map((hour) => minute(60 * hour)),
);

const questions: fc.Arbitrary<MetricsQuery> = fc
  .record({
    steps,
    ends: fc.tuple(instants, instants),
    tenantId: fc.constantFrom('acme', 'acme', null),
    route: fc.constantFrom(null, null, 'r1', 'nothing'),
    model: fc.constantFrom(null, null, 'm1'),
    provider: fc.constantFrom(null, null, '', 'p'),
    groupBy: fc.subarray(GROUPS.filter((group) => group !== 'error_kind')),
    order: fc.constantFrom('asc' as const, 'desc' as const),
  })
  .map(({ ends: [a, b], ...query }) =>
    metricsQuery({ ...query, fromMs: Math.min(a, b), toMs: Math.max(a, b), limit: 100_000 }),
  );
