import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, HOUR_MS } from '../../tally/window.ts';
import {
  aCall,
  aDeadLetter,
  aDelta,
  anEvaluation,
  aUsageDelta,
  auditCounts,
  callsQuery,
  changesQuery,
  commitNext,
  DAY,
  evaluationsQuery,
  metricsQuery,
  type OpenStore,
} from './builders.ts';

/** What `prune` forgets, and what it keeps. */
export function retentionContract(open: OpenStore): void {
  test('each kind of row is forgotten before its own instant, and kept from it on', async () => {
    const store = await open();
    for (const startMs of [DAY, DAY + 40 * DAY_MS]) {
      await commitNext(store, {
        tallies: [aDelta({ windowStartMs: startMs })],
        usages: [aUsageDelta({ windowStartMs: startMs })],
        calls: [{ kind: 'full', call: aCall({ requestId: `r${startMs}`, timestampMs: startMs }) }],
        evaluations: [anEvaluation({ windowStartMs: startMs })],
        deadLetters: [aDeadLetter({ offset: startMs, loggedAtMs: startMs })],
        audits: [{ tenantId: 'acme', hourStartMs: startMs, counts: auditCounts({ acceptedRequests: 1 }) }],
      });
    }
    const range = { fromMs: 0, toMs: DAY + 100 * DAY_MS };
    const counts = async (): Promise<number[]> => [
      (await store.readMetrics(metricsQuery(range))).length,
      (await store.readMetrics(metricsQuery({ ...range, stepMs: HOUR_MS }))).length,
      (await store.readMetrics(metricsQuery({ ...range, stepMs: DAY_MS }))).length,
      (await store.readUsage({ tenantId: null, ...range })).length,
      (await store.readCalls(callsQuery(range))).length,
      (await store.readEvaluations(evaluationsQuery(range))).length,
      (await store.readDeadLetters({ limit: 9, before: null })).length,
      (await store.readAudit({ tenantId: null, ...range })).length,
      (await store.unpublishedRows(9)).length,
      (await store.unpublishedDeadLetters(9)).length,
      (await store.readChanges(changesQuery({}))).length,
    ];
    const nothing = { minutesMs: 0, hoursMs: 0, daysMs: 0, callsMs: 0, deadLettersMs: 0 };
    await store.prune({ minutesMs: DAY, hoursMs: DAY, daysMs: DAY, callsMs: DAY, deadLettersMs: DAY });
    assert.deepEqual(await counts(), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    await store.prune({ ...nothing, minutesMs: DAY + DAY_MS });
    assert.deepEqual(await counts(), [1, 2, 2, 1, 2, 1, 2, 2, 1, 2, 1]);
    await store.prune({ ...nothing, hoursMs: DAY + DAY_MS, callsMs: DAY + DAY_MS });
    assert.deepEqual(await counts(), [1, 1, 2, 1, 1, 1, 2, 1, 1, 2, 1]);
    await store.prune({ ...nothing, daysMs: DAY + DAY_MS, deadLettersMs: DAY + DAY_MS });
    assert.deepEqual(await counts(), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    await store.close();
  });

  test('a late event opens its pruned row anew', async () => {
    const store = await open();
    await commitNext(store, { tallies: [aDelta()] });
    const before = DAY + DAY_MS;
    await store.prune({ minutesMs: before, hoursMs: before, daysMs: before, callsMs: before, deadLettersMs: before });
    await commitNext(store, { tallies: [aDelta()], calls: [{ kind: 'full', call: aCall() }] });
    assert.equal((await store.readMetrics(metricsQuery()))[0]?.tally.requests, 1);
    assert.equal((await store.readCalls(callsQuery())).length, 1);
    await store.close();
  });
}
