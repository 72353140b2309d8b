import assert from 'node:assert/strict';
import { reprice } from '../../src/prices/reprice.ts';
import { assertAtBound, assertEqualsOracle } from './compare.ts';
import { assertDimensions } from './compare-dimensions.ts';
import { Fleet } from './fleet.ts';
import { scheduleIncidents } from './incidents.ts';
import { batchOracle, INPUTS } from './oracle/batch-oracle.ts';
import type { Reading } from './oracle/readings.ts';
import type { Plan } from './plan.ts';
import { LISTED_PRICES } from './price-table.ts';
import { assertPublished } from './published.ts';
import { Random } from './random.ts';
import { Senders } from './senders.ts';
import { planOf, type Situation } from './situations.ts';
import { drawTraffic } from './traffic.ts';
import { World } from './world.ts';

export interface ScheduleResult {
  readonly plan: Plan;
  readonly failure: Error | null;
  readonly traceHash: number;
  readonly lines: readonly string[];
  readonly virtualMs: number;
  readonly records: number;
  readonly commits: number;
}

export interface ScheduleOptions {
  readonly keepsTrace?: boolean;
  /** What happens in it for sure. */
  readonly situation?: Situation | null;
}

/** Runs the schedule of one seed from its first event until everything has settled, and compares. */
export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<ScheduleResult> {
  const { keepsTrace = false, situation = null } = options;
  const plan = planOf(seed, situation);
  const world = new World(plan, { keepsTrace });
  let failure: Error | null = null;
  try {
    await play(world);
    await assertAll(world);
  } catch (error) {
    failure = error as Error;
  } finally {
    world.scheduler.end();
  }
  failure = world.monitor.failure ?? failure;
  const { traceHash, lines, scheduler, monitor } = world;
  const records = world.logContents().flatMap((log) => INPUTS.map((topic) => log[topic].length));
  const total = records.reduce((sum, count) => sum + count, 0);
  return {
    plan,
    failure,
    traceHash,
    lines: lines ?? [],
    virtualMs: scheduler.nowMs,
    records: total,
    commits: monitor.commits,
  };
}

/** The longest that an append or a commit outlives its sender. */
export const UNDERWAY_MS_MAX = 4000;

/** How long everything may take to settle once nothing fails any more. */
const SETTLE_MS_MAX = 60_000;

async function play(world: World): Promise<void> {
  const { plan, scheduler } = world;
  const senders = new Senders(world);
  const fleet = new Fleet(world);
  senders.schedule(drawTraffic(plan, new Random(plan.seed, 4)));
  const chaosEndsMs = plan.trafficMs + 1500;
  scheduleIncidents(world, { fleet, senders }, chaosEndsMs);
  if (plan.growth !== null) scheduler.after(plan.growth.atMs, () => world.growOnceRead());
  await scheduler.runUntil(chaosEndsMs);
  world.isChaotic = false;
  world.isLogDown = false;
  world.isStoreDown = false;
  fleet.settle();
  // What crashed processes had sent is still on its way.
  await scheduler.runUntil(chaosEndsMs + UNDERWAY_MS_MAX);
  while (senders.pending > 0 && scheduler.nowMs < chaosEndsMs + SETTLE_MS_MAX)
    await scheduler.runUntil(scheduler.nowMs + 500);
  assert.equal(senders.pending, 0, 'every sender has its answer in the end');
  for (const { topic, key, value, senderTenant } of senders.acknowledged) {
    const isThere = Array.from({ length: world.broker.partitionCount }, (_, p) => world.broker.records(topic, p)).some(
      (records) =>
        records.some(
          (record) =>
            Buffer.from(key).equals(record.key ?? Buffer.alloc(0)) &&
            Buffer.from(value).equals(record.value ?? Buffer.alloc(0)) &&
            Buffer.from(senderTenant ?? '').equals(record.senderTenant ?? Buffer.alloc(0)),
        ),
    );
    assert.ok(isThere, `an acknowledged record of ${topic} ${key} is not in the log`);
  }
  await settle(world, fleet);
}

/** Lets the log's time pass everything that waits, until every partition has said so. */
async function settle(world: World, fleet: Fleet): Promise<void> {
  const { plan, scheduler } = world;
  // Stamps never fall back, so time goes on only from the latest instant that the clock ever showed.
  const aheadMs = world.brokerOffsetMsMax - world.brokerOffsetMs;
  world.jumpBrokerClock(aheadMs + 60_000 + plan.joinTimeoutMs + plan.dedupHorizonMs);
  const goalMs = world.brokerNowMs() + 200;
  const giveUpMs = scheduler.nowMs + SETTLE_MS_MAX;
  while (!(await isSettled(world, goalMs))) {
    if (world.monitor.failure !== null) throw world.monitor.failure;
    assert.ok(
      scheduler.nowMs < giveUpMs,
      `nothing settles: ${JSON.stringify([...(await world.store.readProgress())])}`,
    );
    fleet.settle();
    await scheduler.runUntil(scheduler.nowMs + 500);
  }
  await scheduler.runUntil(scheduler.nowMs + 1000);
}

async function isSettled(world: World, goalMs: number): Promise<boolean> {
  const progress = await world.store.readProgress();
  return Array.from({ length: world.plan.partitionCount }, (_, partition) => partition).every((partition) => {
    const own = progress.get(partition);
    if (own === undefined || own.completeThroughMs < goalMs) return false;
    return world
      .partitionsOf(partition)
      .every((lane) =>
        INPUTS.every((topic) => world.positionIn(own, topic, lane) === world.broker.records(topic, lane).length),
      );
  });
}

/** The store has what one of the orders comes to in which the log may have been read; mostly there is one. */
async function assertAll(world: World): Promise<void> {
  if (world.monitor.failure !== null) throw world.monitor.failure;
  await assertPublished(world);
  let failure: unknown = null;
  for (const reading of world.readings()) {
    try {
      return await assertStored(world, reading);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function assertStored(world: World, reading: Reading): Promise<void> {
  const { plan, store } = world;
  const expected = batchOracle(world.logContents(), { ...plan, reading });
  await assertDimensions(store, expected, plan);
  if (plan.pendingMax < 1000) return assertAtBound(store, expected);
  const isSampled = plan.callsPerSecondMax < 1000;
  // While topics grow, any of a record's repetitions may be the one that counts, or that is the dead letter.
  const nameOf = (place: string) => (plan.growth === null ? place : world.contentAt(place));
  await assertEqualsOracle(store, expected, { isSampled, nameOf });
  const usage = await store.readUsage({ tenantId: null, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(reprice(usage, LISTED_PRICES).corrections, [], 'repricing at the same prices changes nothing');
}
