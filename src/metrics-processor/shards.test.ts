import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBroker } from '../event-log/memory/memory-broker.ts';
import { MemoryEventLog } from '../event-log/memory/memory-event-log.ts';
import type { Progress } from '../metrics-store/commit.ts';
import { MemoryMetricsStore } from '../metrics-store/memory/memory-metrics-store.ts';
import { CORE_OPTIONS } from './core/core-builders.contract.ts';
import { FastRuntime } from './processor-builders.contract.ts';
import { agreeOnShards, shardsIn } from './shards.ts';

const logOf = (partitionCount: number) => new MemoryEventLog(new MemoryBroker({ partitionCount }));

async function progressOf(partitionCount: number): Promise<ReadonlyMap<number, Progress>> {
  const store = new MemoryMetricsStore();
  await agreeOnShards({ log: logOf(partitionCount), store, runtime: new FastRuntime() }, CORE_OPTIONS);
  return store.readProgress();
}

test('before the first commit there is a shard for each partition', () => {
  assert.deepEqual(shardsIn(new Map(), 6), { shardCount: 6, laneCount: 1 });
});

test('the shards stay those of the first commit when the topics grow to a multiple', async () => {
  const progress = await progressOf(4);
  assert.deepEqual(shardsIn(progress, 4), { shardCount: 4, laneCount: 1 });
  assert.deepEqual(shardsIn(progress, 12), { shardCount: 4, laneCount: 3 });
  assert.throws(() => shardsIn(progress, 6), /6 partitions, but their calls are joined in 4 shards/);
});

test('a checkpoint of another release is told as such', async () => {
  const [[partition, progress] = [0, undefined]] = await progressOf(1);
  assert.ok(progress !== undefined);
  const other = new Map([[partition, { ...progress, checkpoint: Buffer.of(255, 1) }]]);
  assert.throws(() => shardsIn(other, 1), /was written by another release of StreamLens/);
});

/** Another processor commits between the first reading of the progress and its answer. */
class OvertakenStore extends MemoryMetricsStore {
  #isOvertaken = false;

  override async readProgress(): Promise<ReadonlyMap<number, Progress>> {
    const progress = await super.readProgress();
    if (this.#isOvertaken) return progress;
    this.#isOvertaken = true;
    // The topics had four partitions when the other one asked, and have grown since.
    await agreeOnShards({ log: logOf(4), store: this, runtime: new FastRuntime() }, CORE_OPTIONS);
    return progress;
  }
}

test('who reads just before another one commits takes the shards of the other one', async () => {
  const ports = { log: logOf(12), store: new OvertakenStore(), runtime: new FastRuntime() };
  assert.deepEqual(await agreeOnShards(ports, CORE_OPTIONS), { shardCount: 4, laneCount: 3 });
});
