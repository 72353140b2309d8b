import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../call.ts';
import type { CallsQuery } from '../metrics-reader.ts';
import type { MetricsStore } from '../metrics-store.ts';
import { aCall, aDelta, callsQuery, commitNext, metricsQuery, minute, type OpenStore, SERIES } from './builders.ts';

/** Single calls. */
export function callsContract(open: OpenStore): void {
  test('a call is read back as it was written, unknown values null', async () => {
    const store = await open();
    const full = aCall({
      costPicoUsd: 2n ** 60n + 1n,
      latencyMs: 0.125,
      timeToFirstTokenMs: 3.5,
      cachedPromptTokens: 4,
      cacheWriteTokens: 5,
      reasoningTokens: 6,
      error: 'rate limit',
      status: 'error',
      answeredModel: 'gpt-2025',
      promptTokens: 100_000_000,
    });
    const bare = aCall({
      requestId: 'r2',
      latencyMs: null,
      promptTokens: null,
      completionTokens: null,
      cachedPromptTokens: null,
      finishReason: null,
      cacheWriteTokens: null,
      reasoningTokens: null,
      userIdHash: null,
      sessionId: null,
      metadata: null,
      costPicoUsd: null,
      status: 'waiting',
    });
    await write(store, full, bare);
    assert.deepEqual(await store.readCall('acme', 'r1'), full);
    assert.deepEqual(await store.readCall('acme', 'r2'), bare);
    assert.deepEqual(await store.readCalls(callsQuery()), [full, bare]);
    assert.equal(await store.readCall('acme', 'r3'), null);
    assert.equal(await store.readCall('other', 'r1'), null);
    await store.close();
  });

  test('an answer completes the waiting call and keeps what only the request knew', async () => {
    const store = await open();
    const waiting = aCall({
      status: 'waiting',
      latencyMs: null,
      completionTokens: null,
      finishReason: null,
      costPicoUsd: null,
    });
    await write(store, waiting);
    const answer = aCall({ userIdHash: null, sessionId: null, metadata: null, completionTokens: 77 });
    await commitNext(store, { calls: [{ kind: 'answer', call: answer }] });
    const { userIdHash, sessionId, metadata } = waiting;
    assert.deepEqual(await store.readCall('acme', 'r1'), { ...answer, userIdHash, sessionId, metadata });
    assert.equal((await store.readCalls(callsQuery())).length, 1);
    await store.close();
  });

  test('an answer without a stored request is kept as it is', async () => {
    const store = await open();
    const answer = aCall({ userIdHash: null, sessionId: null, metadata: null });
    await commitNext(store, { calls: [{ kind: 'answer', call: answer }] });
    assert.deepEqual(await store.readCall('acme', 'r1'), answer);
    await store.close();
  });

  test('request and answer of one call in one commit give one completed call', async () => {
    const store = await open();
    const waiting = aCall({ status: 'waiting', latencyMs: null });
    const answer = aCall({ userIdHash: null, sessionId: null, metadata: null });
    await commitNext(store, {
      calls: [
        { kind: 'full', call: waiting },
        { kind: 'answer', call: answer },
      ],
    });
    assert.deepEqual(await store.readCalls(callsQuery()), [aCall()]);
    await store.close();
  });

  test('an id that comes again with another timestamp is another call, and the newest is read by id', async () => {
    const store = await open();
    const later = aCall({ timestampMs: minute(50) });
    await write(store, later, aCall());
    assert.deepEqual(await store.readCall('acme', 'r1'), later);
    assert.equal((await store.readCalls(callsQuery())).length, 2);
    await store.close();
  });

  test('ids of 128 characters, of four bytes each, are kept and found', async () => {
    const store = await open();
    const ids = ['a', 'b'].map((last) => `${'𝄞'.repeat(127)}${last}`);
    await write(store, ...ids.map((requestId) => aCall({ requestId })));
    for (const id of ids) assert.equal((await store.readCall('acme', id))?.requestId, id);
    await store.close();
  });

  test('texts that a store cannot hold are kept with U+FFFD and never stop a commit', async () => {
    const store = await open();
    const bad = 'a\0b\ud800c\udfff';
    const shown = 'a\uFFFDb\uFFFDc\uFFFD';
    const texts = {
      finishReason: bad,
      error: bad,
      userIdHash: bad,
      sessionId: bad,
      metadata: `{"k":"${bad}"}`,
      answeredModel: bad,
    };
    const escaped = aCall({ requestId: 'r2', metadata: String.raw`{"k":"\u0000\ud800"}` });
    const noJson = aCall({ requestId: 'r3', metadata: '{"k":' });
    await commitNext(store, {
      tallies: [aDelta()],
      calls: [aCall(texts), escaped, noJson].map((call) => ({ kind: 'full', call })),
    });
    const call = await store.readCall('acme', 'r1');
    assert.deepEqual(
      [call?.finishReason, call?.error, call?.userIdHash, call?.sessionId, call?.answeredModel],
      Array.from({ length: 5 }, () => shown),
    );
    assert.equal(call?.metadata, `{"k":"${shown}"}`);
    assert.equal((await store.readCall('acme', 'r2'))?.metadata, escaped.metadata);
    assert.equal((await store.readMetrics(metricsQuery())).length, 1);
    assert.deepEqual(ids(await store.readCalls(callsQuery({ metadata: new Map([['k', 'x']]) }))), []);
    assert.deepEqual(ids(await store.readCalls(callsQuery({ metadata: new Map([['k', '\0\ud800']]) }))), ['r2']);
    await store.close();
  });

  test('a question that holds such texts finds nothing and fails nothing', async () => {
    const store = await open();
    await write(store, aCall());
    for (const bad of ['a\0b', '\ud800']) {
      assert.equal(await store.readCall(bad, bad), null);
      const query = callsQuery({
        tenantId: bad,
        route: bad,
        model: bad,
        sessionId: bad,
        userIdHash: bad,
        metadata: new Map([[bad, bad]]),
      });
      assert.deepEqual(await store.readCalls(query), []);
      assert.deepEqual(await store.readMetrics(metricsQuery({ tenantId: bad, route: bad })), []);
      assert.deepEqual(await store.readDimensions(bad), []);
    }
    await store.close();
  });

  test('kept calls are counted within a range, and by route and model', async () => {
    const store = await variousCalls(open);
    const count = async (parts: Partial<CallsQuery>) => store.countCalls(callsQuery(parts));
    for (const parts of [
      {},
      { route: 'chat' },
      { model: 'nothing' },
      { tenantId: 'nobody' },
      { toMs: callsQuery().fromMs },
    ]) {
      const listed = await store.readCalls(callsQuery(parts));
      const errors = listed.filter(({ status }) => status === 'error').length;
      assert.deepEqual(await count(parts), { calls: listed.length, errors });
    }
    assert.deepEqual(await count({}), { calls: 4, errors: 1 });
    await store.close();
  });

  test('every filter finds its calls, and filters hold together', async () => {
    const store = await variousCalls(open);
    const find = async (parts: Partial<CallsQuery>): Promise<string[]> => ids(await store.readCalls(callsQuery(parts)));
    assert.deepEqual(await find({ status: 'waiting' }), ['wait']);
    assert.deepEqual(await find({ status: 'completed' }), ['slow', 'quick']);
    assert.deepEqual(await find({ hasError: true }), ['fail']);
    assert.deepEqual(await find({ hasError: false }), ['wait', 'slow', 'quick']);
    assert.deepEqual(await find({ errorKind: 'timeout' }), ['fail']);
    assert.deepEqual(await find({ errorKind: 'cancelled' }), ['quick']);
    assert.deepEqual(await find({ errorKind: 'auth' }), []);
    assert.deepEqual(await find({ latencyMsMin: 500 }), ['slow', 'fail']);
    assert.deepEqual(await find({ latencyMsMax: 500 }), ['fail', 'quick']);
    assert.deepEqual(await find({ latencyMsMin: 100, latencyMsMax: 600 }), ['fail']);
    assert.deepEqual(await find({ route: 'search' }), ['slow']);
    assert.deepEqual(await find({ model: 'other' }), ['fail']);
    assert.deepEqual(await find({ userIdHash: 'u2' }), ['slow']);
    assert.deepEqual(await find({ sessionId: 's2' }), ['fail']);
    assert.equal((await find({ provider: SERIES.provider })).length, (await find({})).length);
    assert.deepEqual(await find({ provider: 'nothing' }), []);
    assert.deepEqual(await find({ fromMs: minute(2), toMs: minute(4) }), ['slow', 'fail']);
    assert.deepEqual(await find({ route: 'search', hasError: true }), []);
    assert.deepEqual(await find({ tenantId: 'other' }), []);
    await store.close();
  });

  test('metadata is compared by top-level text; numbers and booleans by their JSON', async () => {
    const store = await variousCalls(open);
    const find = async (...fields: [string, string][]): Promise<string[]> =>
      ids(await store.readCalls(callsQuery({ metadata: new Map(fields) })));
    assert.deepEqual(await find(['app', 'web']), ['slow', 'fail', 'quick']);
    assert.deepEqual(await find(['app', 'web'], ['n', '5']), ['slow']);
    assert.deepEqual(await find(['ok', 'true']), ['fail']);
    assert.deepEqual(await find(['nested', 'x']), []);
    assert.deepEqual(await find(['toString', 'x']), []);
    assert.deepEqual(await find([`a"'$.b`, 'odd']), ['quick']);
    await store.close();
  });

  test('a metadata filter finds a rare call behind thousands of others', async () => {
    const store = await open();
    const many = Array.from({ length: 2_500 }, (_, i) =>
      aCall({ requestId: `r${i}`, timestampMs: minute(i % 100), metadata: `{"n":${i}}` }),
    );
    await write(store, ...many);
    assert.deepEqual(ids(await store.readCalls(callsQuery({ metadata: new Map([['n', '1701']]), limit: 3 }))), [
      'r1701',
    ]);
    await store.close();
  });

  test('the slowest come first, calls without a latency not at all', async () => {
    const store = await variousCalls(open);
    assert.deepEqual(ids(await store.readCalls(callsQuery({ order: 'slowest' }))), ['slow', 'fail', 'quick']);
    assert.deepEqual(ids(await store.readCalls(callsQuery({ order: 'slowest', limit: 1, route: 'chat' }))), ['fail']);
    await store.close();
  });

  for (const order of ['newest', 'slowest'] as const) {
    test(`pages of the ${order} calls give together what one big page gives, equal values included`, async () => {
      const store = await open();
      const calls = Array.from({ length: 23 }, (_, i) =>
        aCall({
          requestId: `r${(i * 7) % 23}`,
          // Over three days.
          timestampMs: minute((i % 4) * 1000),
          latencyMs: i % 5 === 0 ? null : (i % 3) + 0.1,
          sessionId: i % 3 === 0 ? null : `s${i % 3}`,
        }),
      );
      await write(store, ...calls);
      const range = { fromMs: minute(0), toMs: minute(4000) };
      const all = await store.readCalls(callsQuery({ ...range, order }));
      assert.equal(all.length, order === 'newest' ? 23 : 18);
      const filters: readonly Partial<CallsQuery>[] = [
        {},
        { metadata: new Map([['app', 'web']]) },
        { sessionId: 's1' },
      ];
      for (const filter of filters) {
        const paged: Call[] = [];
        for (;;) {
          const last = paged.at(-1);
          const value = (order === 'newest' ? last?.timestampMs : last?.latencyMs) ?? 0;
          const after = last === undefined ? null : { value, requestId: last.requestId };
          const page = await store.readCalls(callsQuery({ ...range, order, after, limit: 4, ...filter }));
          if (page.length === 0) break;
          paged.push(...page);
        }
        const { sessionId } = filter;
        assert.deepEqual(ids(paged), ids(all.filter((call) => sessionId == null || call.sessionId === sessionId)));
      }
      await store.close();
    });
  }
}

const ids = (calls: readonly Call[]): string[] => calls.map((call) => call.requestId);

async function write(store: MetricsStore, ...calls: Call[]): Promise<void> {
  await commitNext(store, { calls: calls.map((call) => ({ kind: 'full', call })) });
}

/** Four calls, each the only one of some filter; newest first: wait, slow, fail, quick. */
async function variousCalls(open: OpenStore): Promise<MetricsStore> {
  const store = await open();
  await write(
    store,
    aCall({
      requestId: 'quick',
      timestampMs: minute(1),
      latencyMs: 5,
      errorKind: 'cancelled',
      metadata: `{"app":"web","a\\"'$.b":"odd"}`,
    }),
    aCall({
      requestId: 'fail',
      timestampMs: minute(2),
      latencyMs: 500,
      status: 'error',
      error: 'e',
      errorKind: 'timeout',
      model: 'other',
      sessionId: 's2',
      metadata: '{"app":"web","ok":true,"nested":{"nested":"x"}}',
    }),
    aCall({
      requestId: 'slow',
      timestampMs: minute(3),
      latencyMs: 5_000.5,
      route: 'search',
      userIdHash: 'u2',
      metadata: '{"app":"web","n":5}',
    }),
    aCall({ requestId: 'wait', timestampMs: minute(4), latencyMs: null, status: 'waiting', metadata: null }),
  );
  return store;
}
