import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupListener, GroupMember, LogPosition, NamedMember, PollLimits } from '../event-log/event-log.ts';
import type { MemoryBroker } from '../event-log/memory/memory-broker.ts';
import { MemoryEventLog } from '../event-log/memory/memory-event-log.ts';
import type { RosterLook } from '../metrics-store/roster.ts';
import {
  aBench,
  countedRequests,
  type FastRuntime,
  isAgreement,
  SILENT_EVENTS,
  type StoreWithOutages,
  turns,
  until,
} from './processor-builders.contract.ts';
import type { ProcessorEvents } from './processor-events.ts';
import { OWNER_PACE } from './shard-owner.ts';

test('a processor that is stopped while the store is away skips no record', async () => {
  const { store, send, processor } = aBench();
  const first = processor();
  const running = first.run();
  await send('llm.requests', 'a');
  await until('the first request is counted', async () => (await countedRequests(store)) === 1);
  store.isAwayFor = () => true;
  const { attempts } = store;
  await send('llm.requests', 'b');
  await until('a commit fails', () => store.attempts > attempts);
  await send('llm.requests', 'c');
  await turns(20);
  // The last try of that commit fails; then the store is back, just when the rest is committed before the end.
  const lastTry = store.attempts + 1;
  store.isAwayFor = () => store.attempts <= lastTry;
  first.stop();
  await running;
  const second = processor();
  const going = second.run();
  await until('all requests are counted', async () => (await countedRequests(store)) >= 3);
  second.stop();
  await going;
  assert.equal(await countedRequests(store), 3);
});

test('a stop does not wait for a group that is being told who ended, nor for a roster that gives no answer', async () => {
  const silence = new Promise<never>(() => undefined);
  const gone: RosterLook = { sight: 'first', serverUptimeMs: 3_600_000, others: [{ id: 'killed', isGone: true }] };
  for (const what of ['expel', 'look'] as const) {
    const { broker, processor } = aBench();
    let isAsked = false;
    const ask = async () => {
      isAsked = true;
      return silence;
    };
    const expel = what === 'expel' ? ask : async () => undefined;
    const look = what === 'look' ? ask : async () => gone;
    const roster = { look, remove: async () => undefined, close: async () => undefined };
    const one = processor({ log: new NamingLog(broker, { id: 'me', expel, hurry: () => undefined }), roster });
    const running = one.run().then(() => 'ended');
    await until(`it waits for an answer to ${what}`, () => isAsked);
    one.stop();
    assert.equal(await Promise.race([running, turns(1000).then(() => 'waits')]), 'ended', what);
  }
});

test('a stop waits for no answer of a log that is away, and commits what was read before', async () => {
  for (const what of ['partitionCount', 'joinGroup', 'poll'] as const) {
    const { broker, store, send, processor } = aBench();
    await send('llm.requests', 'a');
    const log = new MemoryEventLog(broker);
    let isAway = what !== 'poll';
    let isAsked = false;
    const ask = log[what].bind(log) as (...args: unknown[]) => Promise<unknown>;
    const answer = async (...args: unknown[]): Promise<unknown> => {
      if (!isAway) return ask(...args);
      isAsked = true;
      return new Promise<never>(() => undefined);
    };
    Object.assign(log, { [what]: answer });
    // What is read waits for its commit until the stop.
    const folded: ProcessorEvents['folded'] = (...[, , { records }]) => {
      if (records > 0) isAway = true;
    };
    const one = processor({ log, events: { ...SILENT_EVENTS, folded } }, { commitIntervalMs: 3_600_000 });
    const running = one.run().then(() => 'ended');
    await until(`it waits for an answer to ${what}`, () => isAsked);
    one.stop();
    assert.equal(await Promise.race([running, turns(1000).then(() => 'waits')]), 'ended', what);
    assert.equal(await countedRequests(store), what === 'poll' ? 1 : 0, what);
  }
});

test('partitions are committed together when the first of them is due', async () => {
  const { store, send, processor } = aBench({ partitionCount: 3 });
  for (let id = 0; id < 30; id++) await send('llm.requests', `${id}`);
  const one = processor();
  const running = one.run();
  await until('all requests are counted', async () => (await countedRequests(store)) === 30);
  await until('a heartbeat', () => store.groups.some((group) => group.every(({ audits }) => audits.length === 0)));
  one.stop();
  await running;
  assert.ok(store.groups.filter((group) => group.length === 3).length >= 2, 'also heartbeats');
  assert.ok(store.groups.length <= 5, `${store.groups.length} groups, not one a partition`);
});

test('a partition that had nothing when the others were committed does not bring the next commit forward', async () => {
  const { store, runtime, send, processor } = aBench({ partitionCount: 3 });
  const startedMs = commitTimes(store, runtime);
  for (let id = 0; id < 30; id++) await send('llm.requests', `${id}`);
  // A record a poll, so that each poll brings something to one partition only.
  const one = processor({}, { pollBytesMax: 1, commitIntervalMs: 1000 });
  const running = one.run();
  await until('all requests are counted', async () => (await countedRequests(store)) === 30);
  one.stop();
  await running;
  const pausesMs = pausesOf(startedMs);
  assert.ok(pausesMs.length > 0 && pausesMs.every((ms) => ms >= 1000), `pauses of ${pausesMs.join(', ')} ms`);
});

for (const { what, ageMs, pauseMs } of [
  { what: 'what is fresh is committed each interval', ageMs: 0, pauseMs: 100 },
  { what: 'a backlog, whose rows are late anyway, is committed once a second', ageMs: 60_000, pauseMs: 1000 },
]) {
  test(`${what}, and the end of the log in the usual interval`, async () => {
    const { store, runtime, send, processor } = aBench();
    const startedMs = commitTimes(store, runtime);
    for (let id = 0; id < 60; id++) await send('llm.requests', `${id}`);
    runtime.clockMs += ageMs;
    let endedMs = 0;
    const folded = (...[, topic, { records, lag }]: Folded) => {
      if (records > 0) runtime.clockMs += 50;
      if (topic === 'llm.requests' && lag === 0) endedMs ||= runtime.clockMs;
    };
    // A record a poll, each of which takes 50 ms.
    const one = processor({ events: { ...SILENT_EVENTS, folded } }, { pollBytesMax: 1, commitIntervalMs: 100 });
    const running = one.run();
    await until('all requests are counted', async () => (await countedRequests(store)) === 60);
    one.stop();
    await running;
    const pausesMs = pausesOf(startedMs.filter((atMs) => atMs < endedMs));
    assert.ok(pausesMs.length > 0, 'several commits');
    assert.ok(
      pausesMs.every((ms) => ms >= pauseMs && ms < pauseMs + 100),
      `pauses of ${pausesMs.join(', ')} ms`,
    );
    const lastMs = startedMs.find((atMs) => atMs >= endedMs) ?? Infinity;
    assert.ok(lastMs - endedMs <= 100, `${lastMs - endedMs} ms after the end`);
  });
}

for (const [bound, pace] of [
  ['single calls', { effectCallsMax: 4 }],
  ['records', { effectRecordsMax: 4 }],
] as const) {
  test(`reading waits for the store when the partitions hold as many ${bound} together as they may`, async () => {
    const { store, send, processor } = aBench({ partitionCount: 3 });
    const read = { records: 0 };
    const events = { ...SILENT_EVENTS, folded: (...[, , { records }]: Folded) => void (read.records += records) };
    for (let id = 0; id < 20; id++) await send('llm.requests', `${id}`);
    store.isAwayFor = () => true;
    // A record a poll, of which the first is committed at once.
    const one = processor({ events }, { pollBytesMax: 1, pace: { ...OWNER_PACE, ...pace } });
    const running = one.run();
    await turns(500);
    assert.equal(read.records, 1 + 4);
    store.isAwayFor = () => false;
    await until('all requests are counted', async () => (await countedRequests(store)) === 20);
    one.stop();
    await running;
  });
}

test('a clock that is set back by an hour does not hold up commits', async () => {
  const { store, runtime, send, processor } = aBench();
  runtime.clockMs = 2 * 3_600_000;
  const one = processor();
  const running = one.run();
  await send('llm.requests', 'a');
  await until('the first request is counted', async () => (await countedRequests(store)) === 1);
  runtime.clockMs -= 3_600_000;
  const setBackMs = runtime.clockMs;
  await send('llm.requests', 'b');
  await until('the second request is counted', async () => (await countedRequests(store)) === 2);
  assert.ok(runtime.clockMs - setBackMs < 1000, 'within a second');
  one.stop();
  await running;
});

test('what a partition was called complete through does not fall back after a restart', async () => {
  const { store, send, processor } = aBench();
  const throughMs = async () => (await store.loadProgress(0))?.completeThroughMs ?? 0;
  const first = processor();
  const running = first.run();
  await send('llm.requests', 'a');
  await until('a heartbeat', async () => (await throughMs()) > 1_010_000);
  first.stop();
  await running;
  const beforeMs = await throughMs();
  await send('llm.requests', 'b');
  await send('llm.requests', 'c');
  await send('llm.responses', 'c');
  const second = processor({}, { pollBytesMax: 1 });
  const going = second.run();
  await until('the next commit', async () => (await countedRequests(store)) > 1);
  assert.ok((await throughMs()) >= beforeMs);
  second.stop();
  await going;
});

type Folded = Parameters<typeof SILENT_EVENTS.folded>;

/** When each commit from now on was asked for; the list grows. */
function commitTimes(store: StoreWithOutages, runtime: FastRuntime): readonly number[] {
  const startedMs: number[] = [];
  const commit = store.commit.bind(store);
  store.commit = (commits) => {
    if (!isAgreement(commits)) startedMs.push(runtime.clockMs);
    return commit(commits);
  };
  return startedMs;
}

function pausesOf(timesMs: readonly number[]): number[] {
  return timesMs.slice(1).map((atMs, index) => atMs - (timesMs[index] ?? 0));
}

/** A log that tells its member to give the partition back and to take it again, while a poll is held up. */
class BouncingLog extends MemoryEventLog {
  #listener: GroupListener | null = null;
  #release = (): void => {};
  #held: Promise<void> | null = null;
  isHolding = false;

  override joinGroup(listener: GroupListener) {
    this.#listener = listener;
    return super.joinGroup(listener);
  }

  holdNextRecords(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  async bounce(meanwhile: () => Promise<void>): Promise<void> {
    await this.#listener?.onRevoked([0]);
    await meanwhile();
    this.#listener?.onAssigned([0]);
  }

  release(): void {
    this.#held = null;
    this.#release();
  }

  override async poll(wanted: readonly LogPosition[], limits: PollLimits) {
    const slices = await super.poll(wanted, limits);
    if (this.#held !== null && slices.some(({ records }) => [...records].length > 0)) {
      this.isHolding = true;
      await this.#held;
    }
    return slices;
  }
}

test('a poll that began before a partition went away and came back is not folded', async () => {
  const { broker, store, send, processor } = aBench();
  const log = new BouncingLog(broker);
  const one = processor({ log });
  const running = one.run();
  await send('llm.requests', 'a');
  await until('the first request is counted', async () => (await countedRequests(store)) === 1);
  // The commit of the second request hangs, so the third is folded and waits; the fourth is in a poll that takes long.
  store.isAwayFor = () => true;
  const { attempts } = store;
  await send('llm.requests', 'b');
  await until('a commit fails', () => store.attempts > attempts);
  await send('llm.requests', 'c');
  await turns(20);
  log.holdNextRecords();
  await send('llm.requests', 'd');
  await until('the poll is held up', () => log.isHolding);
  await log.bounce(async () => {
    store.isAwayFor = () => false;
    await until('the second request is counted', async () => (await countedRequests(store)) === 2);
  });
  await turns(100);
  log.release();
  await until('later requests are counted', async () => (await countedRequests(store)) > 2);
  await turns(200);
  one.stop();
  await running;
  assert.equal(await countedRequests(store), 4);
});

test('partitions are recovered three at a time, and one that is taken away before its turn is not', async () => {
  const { broker, store, processor } = aBench({ partitionCount: 8 });
  const groups: GroupListener[] = [];
  class TellingLog extends MemoryEventLog {
    override joinGroup(listener: GroupListener) {
      groups.push(listener);
      return super.joinGroup(listener);
    }
  }
  const begun: number[] = [];
  let atOnce = 0;
  let atOnceMost = 0;
  const load = store.loadProgress.bind(store);
  store.loadProgress = async (partition) => {
    begun.push(partition);
    atOnceMost = Math.max(atOnceMost, ++atOnce);
    if (begun.length === 1) await groups[0]?.onRevoked([7]);
    await turns(5);
    atOnce--;
    return load(partition);
  };
  const one = processor({ log: new TellingLog(broker) });
  const running = one.run();
  await until('all but one are recovered', () => one.partitions.length === 7);
  one.stop();
  await running;
  assert.equal(atOnceMost, 3);
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6]);
});

test('a processor that has not heard yet that the topics grew goes on where one that had stopped', async () => {
  const { broker, store, send, processor } = aBench();
  const pace = { ...OWNER_PACE, growthCheckMs: 0 };
  const ids = Array.from({ length: 20 }, (_, id) => `${id}`);
  const first = processor({}, { pace });
  const running = first.run();
  await send('llm.requests', 'before');
  await until('its first commit, with a checkpoint', async () => (await countedRequests(store)) === 1);
  await broker.grow(2);
  for (const id of ids) await send('llm.requests', id);
  await until('the first has counted all', async () => (await countedRequests(store)) === 1 + ids.length);
  first.stop();
  await running;

  const { length: groupCount } = store.groups;
  const log = new UnawareLog(broker);
  const second = processor({ log }, { pace });
  const going = second.run();
  await send('llm.requests', 'between');
  await until('the second commits', () => store.groups.length > groupCount);
  log.hasHeard = true;
  for (const id of ids) await send('llm.requests', `${id} later`);
  await until('all are counted', async () => (await countedRequests(store)) >= 2 + 2 * ids.length);
  await turns(200);
  second.stop();
  await going;
  assert.equal(await countedRequests(store), 2 + 2 * ids.length);
});

/** A log whose members have names, as those of Kafka have. */
class NamingLog extends MemoryEventLog {
  readonly #named: NamedMember;

  constructor(broker: MemoryBroker, named: NamedMember) {
    super(broker);
    this.#named = named;
  }

  override async joinGroup(listener: GroupListener): Promise<GroupMember> {
    return { ...(await super.joinGroup(listener)), named: this.#named };
  }
}

/** As an adapter is that keeps what it knows of the topics for a while. */
class UnawareLog extends MemoryEventLog {
  hasHeard = false;

  override async partitionCount(): Promise<number> {
    return this.hasHeard ? super.partitionCount() : 1;
  }
}
