import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aCall,
  aCommit,
  aDeadLetter,
  aDelta,
  anEvaluation,
  aUsageDelta,
  auditCounts,
  callsQuery,
  commitOne,
  DAY,
  evaluationsQuery,
  metricsQuery,
  minute,
  type OpenStore,
  plain,
} from './builders.ts';

/** Compare-and-set, retries, progress. */
export function commitContract(open: OpenStore): void {
  test('a partition that was never committed has no progress', async () => {
    const store = await open();
    assert.equal(await store.loadProgress(3), null);
    assert.deepEqual(await store.readProgress(), new Map());
    await store.close();
  });

  test('a commit that holds nothing but progress moves the partition', async () => {
    const store = await open();
    const checkpoint = Uint8Array.of(0, 1, 255);
    const commit = aCommit({ partition: 3, checkpoint });
    assert.equal(await commitOne(store, commit), 'applied');
    const { token, positions, completeThroughMs, committedAtMs } = commit;
    const expected = { seq: 1, token, positions, completeThroughMs, committedAtMs, checkpoint };
    assert.deepEqual(await store.loadProgress(3), expected);
    assert.deepEqual(await store.readProgress(), new Map([[3, expected]]));
    await store.close();
  });

  test('a commit without a checkpoint keeps the stored one', async () => {
    const store = await open();
    await commitOne(store, aCommit({}));
    assert.deepEqual((await store.loadProgress(0))?.checkpoint, new Uint8Array(0));
    await commitOne(store, aCommit({ expectedSeq: 1, checkpoint: Uint8Array.of(9) }));
    await commitOne(store, aCommit({ expectedSeq: 2, completeThroughMs: minute(9) }));
    const progress = await store.loadProgress(0);
    assert.deepEqual([progress?.seq, progress?.completeThroughMs], [3, minute(9)]);
    assert.deepEqual(progress?.checkpoint, Uint8Array.of(9));
    await store.close();
  });

  test('a commit that expects another sequence number is fenced and adds nothing of anything', async () => {
    const store = await open();
    await commitOne(store, aCommit({ token: 'owner' }));
    const everything = {
      tallies: [aDelta()],
      usages: [aUsageDelta()],
      calls: [{ kind: 'full', call: aCall() }],
      evaluations: [anEvaluation()],
      deadLetters: [aDeadLetter()],
      audits: [{ tenantId: 'acme', hourStartMs: DAY, counts: auditCounts({ acceptedRequests: 1 }) }],
    } as const;
    for (const expectedSeq of [0, 2, 7]) {
      const answer = await commitOne(store, aCommit({ ...everything, expectedSeq, token: `zombie-${expectedSeq}` }));
      assert.equal(answer, 'fenced');
    }
    assert.equal((await store.loadProgress(0))?.token, 'owner');
    assert.deepEqual(await store.readMetrics(metricsQuery()), []);
    assert.deepEqual(await store.readUsage({ tenantId: null, fromMs: DAY, toMs: minute(9) }), []);
    assert.deepEqual(await store.readCalls(callsQuery()), []);
    assert.deepEqual(await store.readEvaluations(evaluationsQuery()), []);
    assert.deepEqual(await store.readDeadLetters({ limit: 9, before: null }), []);
    assert.deepEqual(await store.readAudit({ tenantId: null, fromMs: 0, toMs: minute(9) }), []);
    assert.deepEqual(await store.unpublishedRows(9), []);
    await store.close();
  });

  test('a commit whose answer was lost is answered applied when sent again, and counts once', async () => {
    const store = await open();
    const commit = aCommit({ tallies: [aDelta()], token: 'mine' });
    assert.equal(await commitOne(store, commit), 'applied');
    assert.equal(await commitOne(store, commit), 'applied');
    const [row] = await store.readMetrics(metricsQuery());
    assert.equal(row?.tally.requests, 1);
    assert.equal((await store.loadProgress(0))?.seq, 1);
    await store.close();
  });

  test('a commit sent again after somebody went on is fenced', async () => {
    const store = await open();
    const commit = aCommit({ token: 'mine' });
    await commitOne(store, commit);
    await commitOne(store, aCommit({ expectedSeq: 1, token: 'theirs' }));
    assert.equal(await commitOne(store, commit), 'fenced');
    await store.close();
  });

  test('of several commits that expect the same sequence number exactly one is applied', async () => {
    const store = await open();
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((token) => commitOne(store, aCommit({ token, tallies: [aDelta()] }))),
    );
    assert.deepEqual(answers.sort(), ['applied', 'fenced', 'fenced', 'fenced']);
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, 1);
    await store.close();
  });

  test('partitions move independently and add into the same rows', async () => {
    const store = await open();
    await Promise.all([0, 1, 2, 3].map((partition) => commitOne(store, aCommit({ partition, tallies: [aDelta()] }))));
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, 4);
    assert.deepEqual(
      [...(await store.readProgress()).keys()].toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    );
    await store.close();
  });

  test('positions beyond 2^32 are kept exactly', async () => {
    const store = await open();
    const positions = { 'llm.requests': 2 ** 45 + 1, 'llm.responses': 0, 'llm.evaluations': 2 ** 52, 'llm.reports': 0 };
    await commitOne(store, aCommit({ positions }));
    assert.deepEqual((await store.loadProgress(0))?.positions, positions);
    await store.close();
  });

  test('what a reader got does not change with a later commit', async () => {
    const store = await open();
    await commitOne(store, aCommit({ tallies: [aDelta()] }));
    const [row] = await store.readMetrics(metricsQuery());
    const before = row && plain(row.tally);
    await commitOne(store, aCommit({ expectedSeq: 1, tallies: [aDelta()] }));
    assert.deepEqual(row && plain(row.tally), before);
    await store.close();
  });

  test('a healthy store says nothing', async () => {
    const store = await open();
    await store.checkHealth();
    await store.close();
  });
}
