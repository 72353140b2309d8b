import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aDelta, commitNext, minute, SERIES } from '../metrics-store/contract/builders.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import type { MetricsQuestion } from './metrics-queries.ts';
import { StoreQueries } from './store-queries.ts';

const QUESTION: MetricsQuestion = {
  tenantId: SERIES.tenantId,
  route: null,
  model: null,
  provider: null,
  fromMs: minute(0),
  toMs: minute(100),
  stepMs: 60_000,
  groupBy: ['route', 'model'],
  quantiles: [],
  order: 'desc',
  limit: 60,
  cursor: null,
};

class CountedStore extends MemoryMetricsStore {
  readCount = 0;
  afterRead = async (): Promise<void> => {};

  override async readMetrics(query: Parameters<MemoryMetricsStore['readMetrics']>[0]) {
    const rows = await super.readMetrics(query);
    this.readCount++;
    await this.afterRead();
    return rows;
  }
}

function open(): { store: CountedStore; ask: () => Promise<Record<string, unknown>> } {
  const store = new CountedStore();
  let nowMs = minute(50);
  const queries = new StoreQueries({
    reader: store,
    nowMs: () => (nowMs += 1000),
  });
  return { store, ask: async () => JSON.parse(await queries.metrics(QUESTION)) as Record<string, unknown> };
}

test('an answer never claims to be complete beyond its rows, though a commit comes between them and the claim', async () => {
  const { store, ask } = open();
  await commitNext(store, { tallies: [aDelta()], completeThroughMs: minute(1) });
  store.afterRead = () => commitNext(store, { tallies: [aDelta()], completeThroughMs: minute(2) });
  const { metrics, complete_until } = await ask();
  assert.equal((metrics as { requests: number }[])[0]?.requests, 1);
  assert.equal(complete_until, '2025-11-19T00:01:00.000Z');
});

test('while nobody writes, rows are read once, and each answer says as of when it holds', async () => {
  const { store, ask } = open();
  await commitNext(store, { tallies: [aDelta()], completeThroughMs: minute(1) });
  const [first, second] = [await ask(), await ask()];
  assert.deepEqual([first['metrics'], store.readCount], [second['metrics'], 1]);
  const asOf = ['2025-11-19T00:50:01.000Z', '2025-11-19T00:50:02.000Z'];
  assert.deepEqual([first['as_of'], second['as_of']], asOf);
  assert.deepEqual([first['lag_ms'], second['lag_ms']], [49 * 60_000 + 1000, 49 * 60_000 + 2000]);
});

test('a question after a commit is answered with what was committed', async () => {
  const { store, ask } = open();
  for (const requests of [1, 2, 3]) {
    await commitNext(store, { tallies: [aDelta()] });
    assert.equal(((await ask())['metrics'] as { requests: number }[])[0]?.requests, requests);
  }
});
