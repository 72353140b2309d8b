import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';
import { createLogger } from '../http/logger.ts';
import { Problem } from '../http/problem.ts';
import { aDelta, aDimensionDelta, commitNext, minute, SERIES } from '../metrics-store/contract/builders.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { MetricsQueries } from './metrics-queries.ts';
import type { MetricsQuestion } from './questions.ts';
import { StoreQueries } from './store-queries.ts';

const QUESTION: MetricsQuestion = {
  tenantId: SERIES.tenantId,
  route: null,
  model: null,
  provider: null,
  fromMs: minute(0),
  toMs: minute(100),
  stepMs: 60_000,
  timezone: null,
  groupBy: ['route', 'model'],
  quantiles: [],
  order: 'desc',
  limit: 60,
  cursor: null,
  asked: {},
};
const STAYS = new AbortController().signal;

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

/** Queries of a store in memory, and the lines that they log. */
function open() {
  const store = new CountedStore();
  const lines: string[] = [];
  const logger = createLogger('test', 'silent');
  const note = (_: unknown, text?: string) => lines.push(text ?? String(_));
  Object.assign(logger, { warn: note, info: note });
  let nowMs = minute(50);
  const answerer = new StoreQueries({ reader: store });
  const queries = new MetricsQueries({
    answerer,
    logger,
    nowMs: () => (nowMs += 1000),
    timeoutMs: 60_000,
    rowsMax: 10_000,
  });
  const ask = async (question: Partial<MetricsQuestion> = {}) =>
    JSON.parse((await queries.ask('metrics', { ...QUESTION, ...question }, STAYS)) ?? '') as Record<string, unknown>;
  return { store, queries, lines, ask };
}

test('the store is told for how long an answer is wanted', async () => {
  const store = new CountedStore();
  const told: AbortSignal[] = [];
  const whileWanted = <T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> => {
    told.push(signal);
    return read();
  };
  const answerer = new StoreQueries({ reader: Object.assign(store, { whileWanted }) });
  await answerer.answer('metrics', QUESTION, { signal: STAYS });
  assert.deepEqual([told, store.readCount], [[STAYS], 1]);
});

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

test('a local day is found however wide the range is, and its windows are not cut where the data ends', async () => {
  const { store, ask } = open();
  await commitNext(store, { tallies: [aDelta()] });
  const question = { fromMs: 0, toMs: Date.UTC(2200, 0, 1), stepMs: 86_400_000, timezone: 'Asia/Kolkata' };
  const { metrics } = await ask(question);
  const [row] = metrics as { window_start: string; window_end: string }[];
  assert.deepEqual([row?.window_start, row?.window_end], ['2025-11-18T18:30:00Z', '2025-11-19T18:30:00Z']);
});

test('a large answer is a stream of the same text, for each of those who ask at the same time', async () => {
  const { store, queries } = open();
  const tallies = Array.from({ length: 1501 }, (_, i) => aDelta({ windowStartMs: minute(i) }));
  await commitNext(store, { tallies, completeThroughMs: minute(1) });
  const question = { ...QUESTION, toMs: minute(2000), limit: 1500 };
  const whole = await new StoreQueries({ reader: store }).answer('metrics', question);
  const answers = await Promise.all([1, 2].map(() => queries.askRows(question, STAYS)));
  for (const answer of answers) {
    assert.ok(answer instanceof Readable);
    const sent = await textOf(answer);
    assert.ok(sent.startsWith(`{${whole},"as_of":"`), 'rows, count and next_cursor stand as in a whole answer');
    assert.equal((JSON.parse(sent) as { count: number }).count, 1500);
  }
  const small = await queries.askRows({ ...question, toMs: minute(9) }, STAYS);
  assert.equal(typeof small, 'string');
});

test('while the store is away each question is a 503 with Retry-After, and the log has one line for all of them', async () => {
  const { store, ask, lines } = open();
  store.afterRead = () => Promise.reject(new StorageError('unavailable', 'Postgres at db:5432: refused'));
  for (let i = 0; i < 3; i++) {
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof Problem);
      assert.deepEqual([error.status, error.retryAfterS], [503, 2]);
      assert.doesNotMatch(error.message, /db:5432/, 'where the store is concerns no client');
      return true;
    });
  }
  store.afterRead = async () => {};
  assert.ok(await ask());
  assert.deepEqual(lines, ['The metrics store cannot be asked', 'The metrics store answers again']);
});

test('an error of the store that came from another thread is known by its name, and a bug stays what it is', async () => {
  const { store, ask } = open();
  store.afterRead = () => Promise.reject(Object.assign(new Error('busy'), { name: 'StorageError' }));
  await assert.rejects(ask(), { name: 'Problem', status: 503 });
  store.afterRead = () => Promise.reject(new TypeError('x is undefined'));
  await assert.rejects(ask(), TypeError);
});

test('calls of before a dimension was kept are told beside its groups, and are no change of theirs', async () => {
  const { store, queries } = open();
  await commitNext(store, { tallies: [aDelta(), aDelta()] });
  const later = { windowStartMs: minute(60), series: SERIES };
  await commitNext(store, {
    tallies: [aDelta(later)],
    dimensions: [aDimensionDelta({ ...later, dimension: 'user', value: 'u1' })],
  });
  const { tenantId, route, model, provider } = QUESTION;
  const asked = {
    tenantId,
    route,
    model,
    provider,
    range: { fromMs: minute(60), toMs: minute(120) },
    compared: { fromMs: minute(0), toMs: minute(60) },
    groupBy: ['dimension'],
    measure: 'cost',
    limit: 10,
  } as const;
  const topOf = async (value: string | null) => {
    const dimension = { name: 'user', value };
    return JSON.parse((await queries.ask('top', { ...asked, dimension }, STAYS)) ?? '') as Record<string, unknown>;
  };
  const { not_grouped_before, not_grouped_after, group_count } = await topOf(null);
  assert.deepEqual([not_grouped_before, not_grouped_after, group_count], [2 * aDelta().tally.requests, 0, 1]);
  assert.equal('not_grouped_before' in (await topOf('u1')), false);
});
