import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventLog, LogRecord, NewRecord } from '../../event-log/event-log.ts';
import { parseRecord } from '../../metrics-processor/core/records/parse-record.ts';
import { commitNext } from '../../metrics-store/contract/builders.ts';
import { MemoryDeadLetterReplays } from '../../metrics-store/memory/memory-dead-letter-replays.ts';
import { MemoryMetricsStore } from '../../metrics-store/memory/memory-metrics-store.ts';
import type { DeadLetter } from '../../metrics-store/outbox.ts';
import { type ReplayQuery, replayDeadLetters } from './replay.ts';

const NOW_MS = Date.UTC(2025, 10, 19, 12);
const EVERY: ReplayQuery = {
  reason: null,
  place: null,
  isDryRun: false,
  joinTimeoutMs: 900_000,
  dedupHorizonMs: 900_000,
};

function aLetter(id: string, parts: Partial<DeadLetter> = {}): DeadLetter {
  const response = { request_id: id, timestamp: '2025-11-19T10:00:05Z', latency_ms: 5 };
  return {
    topic: 'llm.responses',
    partition: 0,
    offset: Number(id.slice(1)),
    loggedAtMs: NOW_MS - 3_600_000,
    reason: 'no_request',
    detail: '',
    tenantId: null,
    key: Buffer.from(id),
    value: Buffer.from(JSON.stringify(response)),
    ...parts,
  };
}

/** A log of one partition that holds these requests, all of them a minute old. */
function aLog(requestIds: readonly string[]): Pick<EventLog, 'readRange' | 'offsetAt' | 'bounds' | 'partitionCount'> {
  const records = requestIds.map(
    (id, offset): LogRecord => ({
      offset,
      loggedAtMs: NOW_MS - 60_000,
      key: Buffer.from(id),
      value: null,
      senderTenant: null,
    }),
  );
  return {
    partitionCount: async () => 1,
    bounds: async () => [{ partition: 0, start: 0, end: records.length }],
    offsetAt: async (_topic, _partition, atMs) => records.filter(({ loggedAtMs }) => loggedAtMs < atMs).length,
    // A page of three, so that there are several.
    readRange: async ({ from, to }) => records.slice(from, Math.min(to, from + 3)),
  };
}

async function aWorld(letters: readonly DeadLetter[], requestIds: readonly string[]) {
  const store = new MemoryMetricsStore();
  await commitNext(store, { deadLetters: letters });
  const appended: NewRecord[] = [];
  const told: string[] = [];
  const ports = {
    store,
    replays: new MemoryDeadLetterReplays(),
    log: aLog(requestIds),
    append: async (records: readonly NewRecord[]) => void appended.push(...records),
    readRecord: parseRecord,
    nowMs: () => NOW_MS,
    aheadMs: 0,
    onLetter: (letter: DeadLetter, what: string) => void told.push(`${letter.offset} ${what}`),
  };
  return { ports, appended, told };
}

test('only what would be counted is appended, and the rest is told with its reason', async () => {
  const ids = Array.from({ length: 7 }, (_, i) => `r${i}`);
  const { ports, appended, told } = await aWorld(
    ids.map((id) => aLetter(id)),
    ids.slice(0, 5),
  );
  const report = await replayDeadLetters(EVERY, ports);
  assert.deepEqual(report, { matched: 7, replayed: 5, before: 0, skipped: 2 });
  assert.deepEqual(appended.map(({ key }) => key).sort(), ids.slice(0, 5));
  assert.ok(told.some((line) => line.startsWith('6 skipped: no request')));
});

test('a letter is appended once, however often and by however many it is replayed', async () => {
  const { ports, appended } = await aWorld([aLetter('r1')], ['r1']);
  await Promise.all([replayDeadLetters(EVERY, ports), replayDeadLetters(EVERY, ports)]);
  const again = await replayDeadLetters(EVERY, ports);
  assert.equal(appended.length, 1);
  assert.deepEqual(again, { matched: 1, replayed: 0, before: 1, skipped: 0 });
});

test('letters can be chosen by reason and by place', async () => {
  const letters = [aLetter('r1'), aLetter('r2'), aLetter('r3', { reason: 'too_many_pending' })];
  const { ports, appended } = await aWorld(letters, ['r1', 'r2', 'r3']);
  await replayDeadLetters({ ...EVERY, reason: 'too_many_pending' }, ports);
  await replayDeadLetters({ ...EVERY, place: { topic: 'llm.responses', partition: 0, offset: 2 } }, ports);
  assert.deepEqual(
    appended.map(({ key }) => key),
    ['r3', 'r2'],
  );
});

test('a dry run appends nothing and claims nothing', async () => {
  const { ports, appended } = await aWorld([aLetter('r1')], ['r1']);
  assert.equal((await replayDeadLetters({ ...EVERY, isDryRun: true }, ports)).replayed, 1);
  assert.equal(appended.length, 0);
  assert.equal((await replayDeadLetters(EVERY, ports)).replayed, 1);
});

test('letters whose append failed can be replayed again', async () => {
  const { ports, appended } = await aWorld([aLetter('r1')], ['r1']);
  const failing = { ...ports, append: () => Promise.reject(new Error('no log')) };
  await assert.rejects(replayDeadLetters(EVERY, failing), /no log/);
  await replayDeadLetters(EVERY, ports);
  assert.equal(appended.length, 1);
});

test('a request that is too old to be met does not count as near', async () => {
  const { ports, told } = await aWorld([aLetter('r1')], ['r1']);
  await replayDeadLetters({ ...EVERY, joinTimeoutMs: 60_000 }, ports);
  assert.match(told[0] ?? '', /1 skipped: no request/);
});

test('all pages of letters are looked at', async () => {
  const ids = Array.from({ length: 450 }, (_, i) => `r${i}`);
  const { ports, appended } = await aWorld(
    ids.map((id) => aLetter(id)),
    ids,
  );
  await replayDeadLetters(EVERY, ports);
  assert.equal(new Set(appended.map(({ key }) => key)).size, 450);
});
