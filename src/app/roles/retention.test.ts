import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { SqliteEventLog } from '../../event-log/sqlite/sqlite-event-log.ts';
import { TOPICS } from '../../events/topics.ts';
import { NO_EFFECTS } from '../../metrics-store/commit.ts';
import { MemoryMetricsStore } from '../../metrics-store/memory/memory-metrics-store.ts';
import type { PruneBefore } from '../../metrics-store/metrics-store.ts';
import { Retention } from './retention.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 10);

const SETTINGS = {
  metricsRetentionMs: Number.POSITIVE_INFINITY,
  callsRetentionMs: 30 * DAY_MS,
  deadLettersRetentionMs: 30 * DAY_MS,
  logRetentionMs: Number.POSITIVE_INFINITY,
  logSizeMax: 1_048_576,
  joinTimeoutMs: 1000,
  dedupHorizonMs: 1000,
  traceHorizonMs: 0,
};

/** A retention over a log with a clock that is told what it says, and what the store was asked to forget. */
async function aRetention(t: TestContext, clock: { now: number; jump?: number; ahead?: number; elapsed?: number }) {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-retention-'));
  const log = new SqliteEventLog({ path: join(directory, 'events.sqlite') });
  t.after(async () => {
    await log.close();
    rmSync(directory, { recursive: true });
  });
  const pruned: PruneBefore[] = [];
  const store = new MemoryMetricsStore();
  store.prune = async (before) => void pruned.push(before);
  const state = {
    nowMs: () => clock.now,
    jumpMs: () => clock.jump ?? 0,
    aheadMs: () => clock.ahead ?? 0,
    elapsedMs: () => clock.elapsed ?? 0,
  };
  const retention = new Retention(SETTINGS, { log, store, logger: pino({ enabled: false }), clock: state });
  const commit = (committedAtMs: number, requests: number) =>
    store.commit([
      {
        partition: 0,
        expectedSeq: 0,
        token: 't',
        positions: { [TOPICS.requests]: requests, [TOPICS.responses]: 0, [TOPICS.evaluations]: 0, [TOPICS.reports]: 0 },
        completeThroughMs: committedAtMs,
        committedAtMs,
        checkpoint: null,
        ...NO_EFFECTS,
      },
    ]);
  return { retention, pruned, log, commit, clock };
}

test('single calls go after their time, by the clock that is believed', async (t) => {
  const { retention, pruned } = await aRetention(t, { now: NOW_MS });
  await retention.prune();
  assert.deepEqual(
    pruned.map(({ callsMs, minutesMs }) => ({ callsMs, minutesMs })),
    [{ callsMs: NOW_MS - 30 * DAY_MS, minutesMs: 0 }],
  );
});

test('while the clock has jumped nothing is deleted', async (t) => {
  const { retention, pruned, clock } = await aRetention(t, { now: NOW_MS, jump: 120_000 });
  await retention.prune();
  assert.equal(pruned.length, 0);
  clock.jump = 0;
  await retention.prune();
  assert.equal(pruned.length, 1);
});

test('after a start that is a year later than the last commit nothing is deleted for a day', async (t) => {
  const { retention, pruned, commit, clock } = await aRetention(t, { now: NOW_MS });
  await commit(NOW_MS - 365 * DAY_MS, 0);
  await retention.lookBack();
  await retention.prune();
  assert.equal(pruned.length, 0);
  clock.elapsed = DAY_MS;
  await retention.prune();
  assert.equal(pruned.length, 1);
});

test('a start three days after the last commit deletes at once', async (t) => {
  const { retention, pruned, commit } = await aRetention(t, { now: NOW_MS });
  await commit(NOW_MS - 3 * DAY_MS, 0);
  await retention.lookBack();
  await retention.prune();
  assert.equal(pruned.length, 1);
});

test('a log beyond its size forgets the oldest that is read, and nothing that is not', async (t) => {
  const later = Date.now() + DAY_MS;
  const { retention, log, commit } = await aRetention(t, { now: later });
  for (let i = 0; i < 40; i++) {
    await log.append([{ topic: TOPICS.requests, key: `r${i}`, value: new Uint8Array(100_000) }]);
  }
  await retention.pruneBySize();
  assert.equal((await log.bounds(TOPICS.requests))[0]?.start, 0, 'nothing was read yet');
  await commit(later, 10);
  await retention.pruneBySize();
  assert.equal((await log.bounds(TOPICS.requests))[0]?.start, 10, 'what was not read stays');
});

test('a log beyond its size keeps what a restart would read back', async (t) => {
  const { retention, log, commit } = await aRetention(t, { now: Date.now() });
  for (let i = 0; i < 20; i++) {
    await log.append([{ topic: TOPICS.requests, key: `r${i}`, value: new Uint8Array(100_000) }]);
  }
  await commit(Date.now(), 20);
  await retention.pruneBySize();
  assert.equal((await log.bounds(TOPICS.requests))[0]?.start, 0);
});

test('a log within its size keeps everything, and one beyond it only loses what is too much', async (t) => {
  const later = Date.now() + DAY_MS;
  const { retention, log, commit } = await aRetention(t, { now: later });
  for (let i = 0; i < 5; i++) {
    await log.append([{ topic: TOPICS.requests, key: `r${i}`, value: new Uint8Array(100_000) }]);
  }
  await commit(later, 5);
  await retention.pruneBySize();
  assert.equal((await log.bounds(TOPICS.requests))[0]?.start, 0);
  for (let i = 5; i < 15; i++) {
    await log.append([{ topic: TOPICS.requests, key: `r${i}`, value: new Uint8Array(100_000) }]);
  }
  await retention.pruneBySize();
  const start = (await log.bounds(TOPICS.requests))[0]?.start ?? 0;
  assert.ok(start === 5, `the first ${start} went`);
});
