import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogSlice } from '../event-log/event-log.ts';
import { type InputTopic, TOPICS } from '../events/topics.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import { ShardCore } from './core/shard-core.ts';
import type { ProcessorEvents } from './processor-events.ts';
import { OWNER_PACE, ShardOwner } from './shard-owner.ts';

const START_MS = 1_000_000;
const { requests, responses, evaluations, reports } = TOPICS;

test('at first only requests are asked for, since they wait in less memory than what answers them', () => {
  assert.deepEqual(wantedTopics(anOwner()), [requests]);
});

test('while requests have more, responses are read up to the same log time and no further', () => {
  const owner = anOwner();
  owner.fold(aSlice(requests, START_MS, 'more'), NO_PRICES);
  assert.deepEqual(wantedTopics(owner), [requests, responses, evaluations, reports]);
  owner.fold(aSlice(responses, START_MS + 1, 'more'), NO_PRICES);
  assert.deepEqual(wantedTopics(owner), [requests, evaluations, reports]);
});

test('requests that are far ahead of responses which still come are not asked for', () => {
  const owner = anOwner();
  owner.fold(aSlice(responses, START_MS, 'more'), NO_PRICES);
  owner.fold(aSlice(requests, START_MS + OWNER_PACE.aheadMsMax, 'more'), NO_PRICES);
  assert.deepEqual(wantedTopics(owner), [requests, responses, evaluations, reports]);
  const later = anOwner();
  later.fold(aSlice(responses, START_MS, 'more'), NO_PRICES);
  later.fold(aSlice(requests, START_MS + OWNER_PACE.aheadMsMax + 1, 'more'), NO_PRICES);
  assert.deepEqual(wantedTopics(later), [responses, evaluations, reports]);
});

test('where requests are at their end, everything is asked for, whatever the times', () => {
  const owner = anOwner();
  owner.fold(aSlice(requests, START_MS, 'end'), NO_PRICES);
  owner.fold(aSlice(responses, START_MS + 1_000_000, 'more'), NO_PRICES);
  assert.deepEqual(wantedTopics(owner), [requests, responses, evaluations, reports]);
});

const NO_PRICES = { priceOf: () => null };

function wantedTopics(owner: ShardOwner): InputTopic[] {
  return owner.wanted().map(({ topic }) => topic);
}

/** One record at that log time. */
function aSlice(topic: InputTopic, loggedAtMs: number, rest: 'more' | 'end'): LogSlice {
  const value = Buffer.from(event(topic));
  const records = [{ offset: 0, loggedAtMs, key: Buffer.from('a'), value, senderTenant: null }];
  return { topic, partition: 0, records, nextOffset: 1, endOffset: rest === 'end' ? 1 : 9, sealedThroughMs: null };
}

function event(topic: InputTopic): string {
  const timestamp = '2026-01-01T00:00:00Z';
  const subject = topic === requests ? { tenant_id: 't', route: 'r', model: 'm' } : {};
  return JSON.stringify({ request_id: 'a', timestamp, ...subject });
}

function anOwner(): ShardOwner {
  const core = new ShardCore({
    partition: 0,
    shardCount: 1,
    joinTimeoutMs: 10_000,
    traceHorizonMs: 10_000,
    awakeReportsMax: 2,
    dedupHorizonMs: 10_000,
    logTimeSlackMs: 0,
    pendingMax: 100,
    pendingBytesMax: 1_000_000,
    callsPerSecondMax: 10,
    fingerprintSeed: 1,
  });
  const runtime = { nowMs: () => START_MS, sleep: async () => undefined, newToken: () => 'token' };
  return new ShardOwner(
    { core, seq: 0, completeThroughMs: 0, recordsRead: 0 },
    { partition: 0, commitIntervalMs: 100, pace: OWNER_PACE },
    { store: new MemoryMetricsStore(), runtime, events: silent() },
  );
}

function silent(): ProcessorEvents {
  const nothing = () => undefined;
  return {
    recovered: nothing,
    folded: nothing,
    committed: nothing,
    groupCommitted: nothing,
    fenced: nothing,
    retrying: nothing,
    revoked: nothing,
    fellowEnded: nothing,
    published: nothing,
  };
}
