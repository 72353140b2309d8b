import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishableRow } from '../outbox.ts';
import { aDelta, aTally, commitNext, minute, type OpenStore, SERIES } from './builders.ts';

const shown = (rows: readonly PublishableRow[]): unknown[] =>
  rows.map((row) => [row.route, row.windowStartMs, row.tally.requests, row.revision]);

/** What goes to `llm.metrics`. */
export function outboxContract(open: OpenStore): void {
  test('a changed row is to be published once, with its totals', async () => {
    const store = await open();
    await commitNext(store, { tallies: [aDelta()] });
    await commitNext(store, { tallies: [aDelta({ tally: aTally({ requests: 4, latenciesMs: [3] }) })] });
    const rows = await store.unpublishedRows(10);
    assert.deepEqual(shown(rows), [['chat', minute(0), 5, 2]]);
    assert.deepEqual([rows[0]?.tenantId, rows[0]?.model, rows[0]?.tally.latency.count], ['acme', 'gpt', 1]);
    await store.markRowsPublished(rows);
    assert.deepEqual(await store.unpublishedRows(10), []);
    await store.markRowsPublished(rows);
    await store.close();
  });

  test('a row that changed between reading and marking is published again, with a higher revision', async () => {
    const store = await open();
    await commitNext(store, { tallies: [aDelta(), aDelta({ windowStartMs: minute(1) })] });
    const rows = await store.unpublishedRows(10);
    await commitNext(store, { tallies: [aDelta()] });
    await store.markRowsPublished(rows);
    assert.deepEqual(shown(await store.unpublishedRows(10)), [['chat', minute(0), 2, 2]]);
    await store.close();
  });

  test('a row that another provider changed between reading and marking is published again', async () => {
    const store = await open();
    const other = { ...SERIES, provider: 'azure' };
    await commitNext(store, { tallies: [aDelta()] });
    const rows = await store.unpublishedRows(10);
    await commitNext(store, { tallies: [aDelta({ series: other })] });
    await store.markRowsPublished(rows);
    const again = await store.unpublishedRows(10);
    assert.deepEqual(shown(again), [['chat', minute(0), 2, 2]]);
    await store.markRowsPublished(again);
    assert.deepEqual(await store.unpublishedRows(10), []);
    await store.close();
  });

  test('a published row that changes is to be published again; its revision never shrinks', async () => {
    const store = await open();
    let before = 0;
    for (let i = 0; i < 4; i++) {
      await commitNext(store, { tallies: [aDelta({ series: { ...SERIES, provider: `p${i % 2}` } })] });
      const rows = await store.unpublishedRows(10);
      assert.equal(rows.length, 1);
      assert.ok((rows[0]?.revision ?? 0) > before);
      before = rows[0]?.revision ?? 0;
      await store.markRowsPublished(rows);
    }
    await store.close();
  });

  test('the oldest change is published first, at most as many as asked for', async () => {
    const store = await open();
    for (const index of [5, 1, 3]) {
      await commitNext(store, {
        committedAtMs: minute(10 - index),
        tallies: [aDelta({ windowStartMs: minute(index) })],
      });
    }
    const rows = await store.unpublishedRows(2);
    assert.deepEqual(
      rows.map((row) => row.windowStartMs),
      [minute(5), minute(1)],
    );
    await store.markRowsPublished(rows);
    assert.deepEqual(
      (await store.unpublishedRows(2)).map((row) => row.windowStartMs),
      [minute(3)],
    );
    await store.close();
  });

  test('a row whose dimensions hold strange texts can be marked by what was read', async () => {
    const store = await open();
    const series = { ...SERIES, route: 'a\0b', model: '\ud800', provider: '\udfff' };
    await commitNext(store, { tallies: [aDelta({ series })] });
    const rows = await store.unpublishedRows(10);
    assert.deepEqual([rows[0]?.route, rows[0]?.model], ['a\uFFFDb', '\uFFFD']);
    await store.markRowsPublished(rows);
    assert.deepEqual(await store.unpublishedRows(10), []);
    await store.close();
  });
}
