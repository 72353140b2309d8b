import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OVERFLOW } from '../../tally/series.ts';
import { USAGE_SUMS } from '../../tally/usage.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { repricedSumsOf } from '../billed-columns.ts';
import type { UsageRow } from '../metrics-reader.ts';
import type { CostCorrection } from '../metrics-store.ts';
import { RECONCILIATIONS_MAX } from '../reconciliation.ts';
import { EVALUATION_LABELS_PER_NAME_MAX, EVALUATION_NAMES_PER_TENANT_MAX } from '../series-limits.ts';
import {
  aBilled,
  aDeadLetter,
  aDelta,
  anEvaluation,
  aTally,
  aUsage,
  aUsageDelta,
  auditCounts,
  changesQuery,
  commitNext,
  DAY,
  evaluationsQuery,
  metricsQuery,
  minute,
  type OpenStore,
  repricedSums,
  SERIES,
} from './builders.ts';

/** Evaluations, audit, dead letters, usage and its correction. */
export function recordsContract(open: OpenStore): void {
  test('reconciliations are kept, the newest first and no more than the newest hundred, and told by tenant', async () => {
    const store = await open();
    const one = (n: number, tenantId: string | null = null) =>
      store.saveReconciliation({ id: `r${n}`, madeAtMs: n, tenantId, report: `{"n":${n}}` });
    for (let n = 1; n <= RECONCILIATIONS_MAX + 2; n++) await one(n, n % 2 === 0 ? 'acme' : null);
    const all = await store.readReconciliations({ tenantId: null, limit: 1000 });
    assert.equal(all.length, RECONCILIATIONS_MAX);
    assert.deepEqual(all[0], { id: 'r102', madeAtMs: 102, tenantId: 'acme', report: '{"n":102}' });
    const own = await store.readReconciliations({ tenantId: 'acme', limit: 2 });
    assert.deepEqual(
      own.map(({ id }) => id),
      ['r102', 'r100'],
    );
    await one(102);
    assert.deepEqual((await store.readReconciliations({ tenantId: 'acme', limit: 1 }))[0]?.id, 'r100');
    await store.close();
  });

  test('evaluations are added per name and window, over routes and models, newest window first', async () => {
    const store = await open();
    const tally = { scored: 1, scoreMicroSum: -250_000n, judged: 1, passed: 1, labels: new Map([['good', 1]]) };
    const other = anEvaluation({
      route: 'search',
      tally: {
        labels: new Map([
          ['good', 2],
          ['b\0d', 1],
        ]),
      },
    });
    await commitNext(store, { evaluations: [anEvaluation({ tally }), anEvaluation({ tally }), other] });
    await commitNext(store, {
      evaluations: [
        anEvaluation({ tally }),
        anEvaluation({ name: 'a', windowStartMs: minute(3) }),
        anEvaluation({ name: 'safe' }),
      ],
    });
    const rows = await store.readEvaluations(evaluationsQuery());
    assert.deepEqual(
      rows.map((row) => [row.name, row.windowStartMs]),
      [
        ['a', minute(3)],
        ['helpful', minute(0)],
        ['safe', minute(0)],
      ],
    );
    assert.deepEqual(rows[1]?.tally, {
      count: 4,
      scored: 3,
      scoreMicroSum: -750_000n,
      judged: 3,
      passed: 3,
      labels: new Map([
        ['good', 5],
        ['b\uFFFDd', 1],
      ]),
    });
    const find = async (parts: object): Promise<unknown[]> =>
      (await store.readEvaluations(evaluationsQuery(parts))).map((row) => [row.name, row.tally.count]);
    assert.deepEqual(await find({ name: 'helpful', route: 'search' }), [['helpful', 1]]);
    assert.deepEqual(await find({ stepMs: 5 * MINUTE_MS, model: 'gpt' }), [
      ['a', 1],
      ['helpful', 4],
      ['safe', 1],
    ]);
    assert.deepEqual(await find({ stepMs: DAY_MS, limit: 2 }), [
      ['a', 1],
      ['helpful', 4],
    ]);
    assert.deepEqual(await find({ limit: 1 }), [['a', 1]]);
    assert.deepEqual(await find({ fromMs: minute(1), toMs: minute(3) }), []);
    assert.deepEqual(await find({ tenantId: 'other' }), []);
    await store.close();
  });

  test('an evaluation that is taken back leaves no trace, in its row or in that of a step, within one commit or later', async () => {
    const store = await open();
    const tally = { scored: 1, scoreMicroSum: 500_000n, judged: 1, passed: 1, labels: new Map([['good', 1]]) };
    const taken = {
      count: -1,
      scored: -1,
      scoreMicroSum: -500_000n,
      judged: -1,
      passed: -1,
      labels: new Map([['good', -1]]),
    };
    const stays = anEvaluation({ route: 'search', tally: { labels: new Map([['bad', 1]]) } });
    const goes = anEvaluation({ tally });
    const back = anEvaluation({ tally: taken });
    await commitNext(store, { evaluations: [goes, stays, anEvaluation({ ...goes, name: 'safe' })] });
    await commitNext(store, { evaluations: [back, anEvaluation({ ...back, name: 'safe' })] });
    await commitNext(store, {
      evaluations: [anEvaluation({ name: 'brief', tally }), anEvaluation({ name: 'brief', tally: taken })],
    });
    for (const stepMs of [MINUTE_MS, DAY_MS]) {
      const rows = await store.readEvaluations(evaluationsQuery({ stepMs }));
      assert.deepEqual(
        rows.map((row) => [row.name, row.tally]),
        [['helpful', { count: 1, scored: 0, scoreMicroSum: 0n, judged: 0, passed: 0, labels: new Map([['bad', 1]]) }]],
      );
    }
    assert.deepEqual(await store.readEvaluations(evaluationsQuery({ name: 'safe', limit: 1 })), []);
    assert.deepEqual(await store.readEvaluations(evaluationsQuery({ route: 'chat' })), []);
    await commitNext(store, { evaluations: [goes] });
    const [again] = await store.readEvaluations(evaluationsQuery({ route: 'chat' }));
    assert.deepEqual(again?.tally.labels, new Map([['good', 1]]));
    await store.close();
  });

  test('names beyond the limit of a tenant are added up as one, and known ones go on', async () => {
    const store = await open();
    const named = (i: number) =>
      anEvaluation({ name: `n${String(i).padStart(5, '0')}`, tally: { labels: new Map([['x', 1]]) } });
    const count = EVALUATION_NAMES_PER_TENANT_MAX;
    await commitNext(store, { evaluations: Array.from({ length: count - 1 }, (_, i) => named(i)) });
    await commitNext(store, { evaluations: Array.from({ length: 4 }, (_, i) => named(count - 1 + i)) });
    await commitNext(store, { evaluations: [named(count + 1), named(0), named(count + 7)] });
    await commitNext(store, { evaluations: [anEvaluation({ name: OVERFLOW })] });
    const rows = await store.readEvaluations(evaluationsQuery({ limit: 10_000 }));
    const counts = new Map(rows.map((row) => [row.name, row.tally.count]));
    assert.deepEqual(
      [counts.size, counts.get('n00000'), counts.get(`n00${count - 1}`), counts.get(OVERFLOW)],
      [count + 1, 2, 1, 6],
    );
    assert.deepEqual(rows.find(({ name }) => name === OVERFLOW)?.tally.labels, new Map([['x', 5]]));
    await store.close();
  });

  test('labels beyond the limit of a name are added up as one, and other tenants and names have their own limit', async () => {
    const store = await open();
    const count = EVALUATION_LABELS_PER_NAME_MAX;
    const labelled = (from: number, to: number, name = 'a') =>
      anEvaluation({
        name,
        tally: { labels: new Map(Array.from({ length: to - from }, (_, i) => [`l${from + i}`, 1])) },
      });
    await commitNext(store, { evaluations: [labelled(0, count - 1)] });
    await commitNext(store, { evaluations: [labelled(count - 2, count + 3), labelled(count, count + 2, 'b')] });
    await commitNext(store, { evaluations: [labelled(count + 2, count + 4), labelled(0, 1)] });
    const [a, b] = (await store.readEvaluations(evaluationsQuery())).map(({ tally }) => tally.labels);
    assert.deepEqual(
      [a?.size, a?.get('l0'), a?.get(`l${count - 1}`), a?.get(OVERFLOW), b?.size],
      [count + 1, 2, 1, 5, 2],
    );
    await store.close();
  });

  test('a sum of scores stays exact beyond what a number holds, in one row and over rows', async () => {
    const store = await open();
    const large = BigInt(Number.MAX_SAFE_INTEGER) * 500n + 1n;
    const give = (route: string, scoreMicroSum: bigint) => anEvaluation({ route, tally: { scored: 1, scoreMicroSum } });
    await commitNext(store, { evaluations: [give('a', large), give('a', 1n), give('b', large), give('c', large)] });
    await commitNext(store, { evaluations: [give('a', 2n), give('b', -5n)] });
    const [row] = await store.readEvaluations(evaluationsQuery({ stepMs: DAY_MS }));
    assert.equal(row?.tally.scoreMicroSum, 3n * large - 2n);
    await store.close();
  });

  test('the largest scores never make a commit or a question fail', async () => {
    const store = await open();
    const tally = { scored: 9_000, scoreMicroSum: 9_000n * 10n ** 15n };
    for (let i = 0; i < 3; i++)
      await commitNext(store, { evaluations: [anEvaluation({ tally }), anEvaluation({ tally })] });
    const [row] = await store.readEvaluations(evaluationsQuery());
    // Beyond 2^63 SQLite adds floats.
    assert.equal(Number(row?.tally.scoreMicroSum ?? 0n) / 1e6 / (row?.tally.scored ?? 0), 1e9);
    await store.close();
  });

  test('the audit sums per tenant and hour, negative deltas included', async () => {
    const store = await open();
    const unknown = {
      tenantId: '',
      hourStartMs: DAY,
      counts: auditCounts({ acceptedResponses: 1, waitingResponses: 1 }),
    };
    const moved = {
      tenantId: '',
      hourStartMs: DAY,
      counts: auditCounts({ acceptedResponses: -1, waitingResponses: -1 }),
    };
    const counted = {
      tenantId: 'acme',
      hourStartMs: DAY,
      counts: auditCounts({ acceptedResponses: 1, countedResponses: 1 }),
    };
    const later = { tenantId: 'acme', hourStartMs: DAY + HOUR_MS, counts: auditCounts({ deadEvaluations: 3 }) };
    await commitNext(store, { audits: [later, unknown, unknown, moved] });
    await commitNext(store, { audits: [moved, counted, counted] });
    const all = { tenantId: null, fromMs: DAY, toMs: DAY + DAY_MS };
    const first = {
      tenantId: 'acme',
      hourStartMs: DAY,
      counts: auditCounts({ acceptedResponses: 2, countedResponses: 2 }),
    };
    assert.deepEqual(await store.readAudit(all), [
      { tenantId: '', hourStartMs: DAY, counts: auditCounts({}) },
      first,
      later,
    ]);
    assert.deepEqual(await store.readAudit({ ...all, tenantId: 'acme', toMs: DAY + HOUR_MS }), [first]);
    assert.deepEqual(await store.readAudit({ ...all, tenantId: 'acme', fromMs: DAY + 1 }), [later]);
    assert.equal((await store.readAudit({ ...all, tenantId: '' })).length, 1);
    await store.close();
  });

  test('a dead letter of the same place is kept once, and stays published', async () => {
    const store = await open();
    const letter = aDeadLetter();
    await commitNext(store, { deadLetters: [letter, letter] });
    await store.markDeadLettersPublished(await store.unpublishedDeadLetters(9));
    await commitNext(store, { deadLetters: [letter, aDeadLetter({ detail: 'another detail' })] });
    assert.deepEqual(await store.readDeadLetters({ limit: 9, before: null }), [letter]);
    assert.deepEqual(await store.unpublishedDeadLetters(9), []);
    await store.close();
  });

  test('dead letters keep missing keys and values, empty ones and strange texts', async () => {
    const store = await open();
    const none = aDeadLetter({ key: null, value: null, offset: 1, reason: 'foreign_tenant', tenantId: 'żółw' });
    const empty = aDeadLetter({ key: new Uint8Array(0), value: new Uint8Array(0), offset: 2 });
    await commitNext(store, { deadLetters: [none, empty, aDeadLetter({ offset: 2 ** 40, detail: 'a\0\ud800' })] });
    const letters = await store.unpublishedDeadLetters(9);
    assert.deepEqual(letters, [none, empty, aDeadLetter({ offset: 2 ** 40, detail: 'a\uFFFD\uFFFD' })]);
    await store.close();
  });

  test('dead letters are read newest first and page by page, and published oldest first', async () => {
    const store = await open();
    const places = [
      { topic: 'llm.evaluations', partition: 0, offset: 3, loggedAtMs: 5 },
      { topic: 'llm.requests', partition: 0, offset: 9, loggedAtMs: 5 },
      { topic: 'llm.requests', partition: 1, offset: 1, loggedAtMs: 5 },
      { topic: 'llm.requests', partition: 1, offset: 10, loggedAtMs: 5 },
      { topic: 'llm.requests', partition: 0, offset: 12, loggedAtMs: 6 },
    ] as const;
    const letters = places.map((place) => aDeadLetter(place));
    await commitNext(store, { deadLetters: letters.toReversed() });
    assert.deepEqual(await store.unpublishedDeadLetters(9), letters);
    assert.deepEqual(await store.unpublishedDeadLetters(2), letters.slice(0, 2));
    await store.markDeadLettersPublished(letters.slice(0, 2));
    assert.deepEqual(await store.unpublishedDeadLetters(9), letters.slice(2));
    const newest = letters.toReversed();
    for (let at = 0; at < newest.length; at++) {
      const page = await store.readDeadLetters({ limit: 2, before: newest[at - 1] ?? null });
      assert.deepEqual(page, newest.slice(at, at + 2));
    }
    await store.close();
  });

  test('usage is added per series, minute and billed model', async () => {
    const store = await open();
    const billed = aBilled({ bandFromTokens: 200_000, serviceTier: 'flex', reportedBy: 'gateway' });
    const ones = Object.fromEntries(USAGE_SUMS.map((field, i) => [field, i + 1]));
    const deltas = [aUsageDelta({ usage: aUsage({ ...ones, cost: 2n ** 61n }) }), aUsageDelta({ billed })];
    await commitNext(store, {
      usages: [
        ...deltas,
        aUsageDelta({ windowStartMs: minute(5) }),
        aUsageDelta({ series: { ...SERIES, tenantId: 'other' } }),
      ],
    });
    await commitNext(store, { usages: deltas });
    const rows = await store.readUsage({ tenantId: 'acme', fromMs: DAY, toMs: minute(5) });
    const base = rows.find((row) => row.billed.bandFromTokens === 0);
    assert.equal(rows.length, 2);
    for (const [i, field] of USAGE_SUMS.entries()) assert.equal(base?.usage[field], 2 * (i + 1), field);
    assert.equal(base?.usage.costPicoUsd.value, 2n ** 62n);
    assert.deepEqual(
      [base?.route, base?.model, base?.provider, base?.windowStartMs],
      ['chat', 'gpt', 'openai', minute(0)],
    );
    assert.deepEqual(rows.find((row) => row !== base)?.billed, billed);
    assert.equal((await store.readUsage({ tenantId: null, fromMs: DAY, toMs: minute(6) })).length, 4);
    await store.close();
  });

  test('a cost correction reaches usage, minute, hour and day, and the row counts as changed', async () => {
    const store = await open();
    const tally = aTally({ requests: 3, unpricedRequests: 3, cost: 10n });
    const usages = [aUsageDelta({ usage: aUsage({ calls: 3, unpricedCalls: 3, cost: 10n }) })];
    await commitNext(store, {
      committedAtMs: 100,
      tallies: [aDelta({ tally }), aDelta({ windowStartMs: minute(1) })],
      usages,
    });
    await store.markRowsPublished(await store.unpublishedRows(9));
    const billed = aBilled();
    const expected = repricedSums({ costPicoUsd: 10n, unpricedCalls: 3 });
    const change = repricedSums({
      costPicoUsd: 2n ** 60n,
      listCostPicoUsd: 2n ** 61n,
      unpricedCalls: -3,
      listCalls: 2,
      fileCalls: 1,
    });
    const correction = { series: SERIES, windowStartMs: minute(0), billed, change, expected };
    const unknown = { ...correction, billed: { ...billed, model: 'unknown' } };
    const gone = { ...correction, series: { ...SERIES, route: 'gone' } };
    assert.equal(await store.reprice([unknown, correction, gone], 500), 1);
    const [usage] = await store.readUsage({ tenantId: null, fromMs: DAY, toMs: minute(5) });
    assert.deepEqual([usage?.usage.costPicoUsd.value, usage?.usage.unpricedCalls], [2n ** 60n + 10n, 0]);
    for (const stepMs of [MINUTE_MS, HOUR_MS, DAY_MS]) {
      const [row] = await store.readMetrics(metricsQuery({ stepMs, order: 'asc' }));
      assert.deepEqual([row?.tally.costPicoUsd.value, row?.tally.unpricedRequests], [2n ** 60n + 10n, 0]);
      assert.deepEqual([row?.tally.listCostPicoUsd.value, row?.tally.pricedByList], [2n ** 61n + 10n, 2]);
      assert.equal(row?.tally.pricedByFile, 1);
    }
    const changed = await store.readChanges(changesQuery({ sinceMs: 101 }));
    assert.deepEqual(
      changed.map((row) => [row.windowStartMs, row.changedAtMs, row.revision]),
      [[minute(0), 500, 2]],
    );
    assert.deepEqual(
      (await store.unpublishedRows(9)).map((row) => row.revision),
      [2],
    );
    assert.equal((await store.readDimensions('acme')).length, 1);
    await store.close();
  });

  test('what was read as usage can be sent back as a correction, overflow included', async () => {
    const store = await open({ maxSeriesPerTenant: 1 });
    const other = { ...SERIES, route: 'beyond', provider: 'p' };
    await commitNext(store, {
      tallies: [aDelta(), aDelta({ series: other })],
      usages: [aUsageDelta(), aUsageDelta({ series: other })],
    });
    const usages = await store.readUsage({ tenantId: null, fromMs: DAY, toMs: minute(5) });
    await store.reprice(usages.map(correct), 500);
    const rows = await store.readMetrics(metricsQuery());
    assert.deepEqual(
      rows.map((row) => row.tally.costPicoUsd.value),
      [7n, 7n],
    );
    await store.close();
  });
}

function correct(row: UsageRow): CostCorrection {
  const { windowStartMs, billed } = row;
  const expected = repricedSumsOf(row.usage);
  const change = repricedSums({ costPicoUsd: 7n, unpricedCalls: 1 });
  return { series: row, windowStartMs, billed, change, expected };
}
