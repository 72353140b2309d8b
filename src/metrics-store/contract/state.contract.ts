import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricsStore } from '../metrics-store.ts';
import {
  aCall,
  aCommit,
  aDeadLetter,
  aDelta,
  aTally,
  aUsage,
  aUsageDelta,
  commitNext,
  DAY,
  minute,
  type OpenStore,
  repricedSums,
  SERIES,
} from './builders.ts';

/** Whether an answer made before still holds, and how complete it is. */
export function stateContract(open: OpenStore): void {
  test('a store is as complete as its least complete partition, and before the first commit nobody knows', async () => {
    const store = await open();
    assert.equal((await store.readState()).completeThroughMs, null);
    await commitNext(store, { partition: 0, completeThroughMs: minute(3) });
    await commitNext(store, { partition: 1, completeThroughMs: minute(2) });
    assert.equal((await store.readState()).completeThroughMs, minute(2));
    await commitNext(store, { partition: 1, completeThroughMs: minute(4) });
    assert.equal((await store.readState()).completeThroughMs, minute(3));
    await store.close();
  });

  test('while nobody writes, the state stays the same, however much is read', async () => {
    const store = await open();
    await commitNext(store, { tallies: [aDelta()] });
    await assertStays(store, async () => {
      await store.readProgress();
      await store.readDimensions(null);
      await store.readCall(SERIES.tenantId, 'r1');
    });
    await store.close();
  });

  test('every kind of write changes the state, even one that takes as much away as was added', async () => {
    const store = await open();
    const cost = repricedSums({ costPicoUsd: 7n });
    const [costly, priced] = [aTally({ requests: 1, cost: 7n }), aUsage({ calls: 1, cost: 7n })];
    const billed = aUsageDelta().billed;
    const correction = { series: SERIES, windowStartMs: minute(0), billed, change: repricedSums({ costPicoUsd: -7n }) };
    const call = aCall({ costPicoUsd: 7n });
    const callCorrection = { ...call, costPicoUsd: null, expectedPicoUsd: 7n };
    const writes: readonly (() => Promise<unknown>)[] = [
      () => store.commit([aCommit()]),
      () => commitNext(store, { tallies: [aDelta({ tally: costly })], usages: [aUsageDelta({ usage: priced })] }),
      () => commitNext(store, { calls: [{ kind: 'full', call }], deadLetters: [aDeadLetter()] }),
      async () => store.markRowsPublished(await store.unpublishedRows(10)),
      async () => store.markDeadLettersPublished(await store.unpublishedDeadLetters(10)),
      async () => assert.equal(await store.reprice([{ ...correction, expected: cost }], minute(9)), 1),
      () => store.repriceCalls([callCorrection]),
      () =>
        store.prune({
          minutesMs: DAY * 2,
          hoursMs: DAY * 2,
          daysMs: DAY * 2,
          callsMs: DAY * 2,
          deadLettersMs: DAY * 2,
        }),
    ];
    const seen = new Set([(await store.readState()).id]);
    for (const [index, write] of writes.entries()) {
      await write();
      const { id } = await store.readState();
      assert.ok(id !== null && !seen.has(id), `write ${index} was not seen`);
      seen.add(id);
    }
    await store.close();
  });
}

/** Postgres counts transactions of the whole server, its own housekeeping included: now and then one comes between. */
async function assertStays(store: MetricsStore, reads: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt <= 50; attempt++) {
    const before = (await store.readState()).id;
    await reads();
    if ((await store.readState()).id === before) return;
    await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
  }
  assert.fail('the state changes though nobody writes');
}
