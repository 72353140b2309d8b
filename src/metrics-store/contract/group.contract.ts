import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Commit } from '../commit.ts';
import type { MetricsStore } from '../metrics-store.ts';
import {
  aCall,
  aCommit,
  aDeadLetter,
  aDelta,
  anEvaluation,
  aTally,
  aUsage,
  aUsageDelta,
  auditCounts,
  callsQuery,
  changesQuery,
  commitOne,
  DAY,
  evaluationsQuery,
  metricsQuery,
  minute,
  type OpenStore,
  SERIES,
} from './builders.ts';

/** Commits of several partitions at once. */
export function groupContract(open: OpenStore): void {
  test('a group of no commits is nothing', async () => {
    const store = await open();
    assert.deepEqual(await store.commit([]), []);
    assert.deepEqual(await store.readProgress(), new Map());
    await store.close();
  });

  test('a group moves each of its partitions to its own place', async () => {
    const store = await open();
    await commitOne(store, aCommit({ partition: 2, checkpoint: Uint8Array.of(2) }));
    const positions = { 'llm.requests': 7, 'llm.responses': 8, 'llm.evaluations': 9, 'llm.reports': 0 };
    const outcomes = await store.commit([
      aCommit({ partition: 2, expectedSeq: 1, token: 'two', completeThroughMs: minute(5) }),
      aCommit({ partition: 0, token: 'zero', positions, checkpoint: Uint8Array.of(0, 1) }),
    ]);
    assert.deepEqual(outcomes, ['applied', 'applied']);
    const [zero, two] = [await store.loadProgress(0), await store.loadProgress(2)];
    assert.deepEqual([zero?.seq, zero?.token, zero?.positions], [1, 'zero', positions]);
    assert.deepEqual(zero?.checkpoint, Uint8Array.of(0, 1));
    assert.deepEqual([two?.seq, two?.token, two?.completeThroughMs], [2, 'two', minute(5)]);
    assert.deepEqual(two?.checkpoint, Uint8Array.of(2), 'its own stays where it brings none');
    await store.close();
  });

  test('the parts of a group add up, and a row that several of them add to changes once', async () => {
    const store = await open();
    await store.commit([0, 1, 2].map((partition) => aPart(partition)));
    assert.deepEqual(await everything(store), timesThree);
    const [change] = await store.readChanges(changesQuery());
    assert.equal(change?.revision, 1);
    await store.close();
  });

  test('rows that parts of one group add to changed at the latest of their instants', async () => {
    const store = await open();
    const at = (partition: number, committedAtMs: number) => aCommit({ partition, committedAtMs, tallies: [aDelta()] });
    await store.commit([at(0, minute(3)), at(1, minute(4)), at(2, minute(2))]);
    assert.equal((await store.readChanges(changesQuery()))[0]?.changedAtMs, minute(4));
    await store.close();
  });

  test('a fenced part is left out of its group with everything it would add, and the others are applied', async () => {
    const store = await open();
    await commitOne(store, aCommit({ partition: 1, token: 'rival' }));
    const group = [0, 1, 2, 3].map((partition) => aPart(partition));
    assert.deepEqual(await store.commit(group), ['applied', 'fenced', 'applied', 'applied']);
    assert.deepEqual(await everything(store), timesThree);
    assert.equal((await store.loadProgress(1))?.token, 'rival');
    await store.close();
  });

  test('a group of which every part is fenced adds nothing', async () => {
    const store = await open();
    await store.commit([aCommit({ partition: 0, token: 'rival' }), aCommit({ partition: 1, token: 'rival' })]);
    assert.deepEqual(await store.commit([aPart(0), aPart(1)]), ['fenced', 'fenced']);
    assert.deepEqual(await store.readMetrics(metricsQuery()), []);
    await store.close();
  });

  test('a group whose answer was lost counts once when it is sent again', async () => {
    const store = await open();
    const group = [0, 1, 2].map((partition) => aPart(partition));
    await store.commit(group);
    assert.deepEqual(await store.commit(group), ['applied', 'applied', 'applied']);
    assert.deepEqual(await everything(store), timesThree);
    assert.equal((await store.loadProgress(1))?.seq, 1);
    await store.close();
  });

  test('a group that was applied and is sent again after one partition was taken over adds nothing twice', async () => {
    const store = await open();
    const group = [0, 1, 2].map((partition) => aPart(partition));
    await store.commit(group);
    await commitOne(store, aCommit({ partition: 0, expectedSeq: 1, token: 'rival' }));
    assert.deepEqual(await store.commit(group), ['fenced', 'applied', 'applied']);
    assert.deepEqual(await everything(store), timesThree);
    assert.equal((await store.loadProgress(0))?.token, 'rival');
    await store.close();
  });

  test('parts that were applied in another group are told from those that were not', async () => {
    const store = await open();
    const [one, two, three] = [aPart(0), aPart(1), aPart(2)] as const;
    await store.commit([one, two]);
    assert.deepEqual(await store.commit([three, two, one]), ['applied', 'applied', 'applied']);
    assert.deepEqual(await everything(store), timesThree);
    await store.close();
  });

  test('of groups that overlap and come at the same time each partition takes exactly one part', async () => {
    const store = await open();
    const groupOf = (token: string, partitions: readonly number[]) =>
      store.commit(partitions.map((partition) => aCommit({ partition, token, tallies: [aDelta()] })));
    const outcomes = await Promise.all([
      groupOf('a', [0, 1, 2, 3]),
      groupOf('b', [3, 2, 1, 0]),
      groupOf('c', [1, 4, 0]),
      groupOf('d', [4, 2]),
    ]);
    assert.equal(outcomes.flat().filter((outcome) => outcome === 'applied').length, 5);
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, 5);
    await store.close();
  });
}

/** Something of every kind: sums into the same rows as the other partitions', records of its own. */
function aPart(partition: number): Commit {
  const requestId = `r${partition}`;
  return aCommit({
    partition,
    token: `part-${partition}`,
    tallies: [aDelta({ tally: aTally({ requests: 1, cost: 5n, latenciesMs: [10 * (partition + 1)] }) })],
    usages: [aUsageDelta({ usage: aUsage({ calls: 1, cost: 5n }) })],
    calls: [{ kind: 'full', call: aCall({ requestId }) }],
    evaluations: [anEvaluation({ tally: { count: 1, labels: new Map([['good', 1]]) } })],
    deadLetters: [aDeadLetter({ partition, offset: 1 })],
    audits: [{ tenantId: 'acme', hourStartMs: DAY, counts: auditCounts({ acceptedRequests: 1, countedRequests: 1 }) }],
  });
}

/** How often the parts of three partitions count. */
const timesThree = {
  minutes: [[3, 15n, 3]],
  days: [[3, 15n, 3]],
  usages: [[3, 15n]],
  calls: 3,
  evaluations: [[3, 3]],
  deadLetters: 3,
  audits: [3],
};

async function everything(store: MetricsStore): Promise<typeof timesThree> {
  const sums = async (stepMs: number) =>
    (await store.readMetrics(metricsQuery({ stepMs }))).map(({ tally }) => [
      tally.requests,
      tally.costPicoUsd.value,
      tally.latency.count,
    ]);
  const usages = await store.readUsage({ tenantId: SERIES.tenantId, fromMs: DAY, toMs: minute(9) });
  const evaluations = await store.readEvaluations(evaluationsQuery());
  const audits = await store.readAudit({ tenantId: null, fromMs: 0, toMs: minute(9) });
  return {
    minutes: await sums(60_000),
    days: await sums(86_400_000),
    usages: usages.map(({ usage }) => [usage.calls, usage.costPicoUsd.value]),
    calls: (await store.readCalls(callsQuery())).length,
    evaluations: evaluations.map(({ tally }) => [tally.count, tally.labels.get('good') ?? 0]),
    deadLetters: (await store.readDeadLetters({ limit: 9, before: null })).length,
    audits: audits.map(({ counts }) => counts.countedRequests),
  };
}
