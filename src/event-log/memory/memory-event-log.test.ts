import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../../events/topics.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { eventLogContract } from '../event-log.contract.ts';
import { MemoryBroker } from './memory-broker.ts';
import { MemoryEventLog } from './memory-event-log.ts';

const shared = new MemoryBroker({ partitionCount: 4 });
eventLogContract({ name: 'memory', open: async () => new MemoryEventLog(shared) });

test('a memory log beyond its bound refuses an append as a whole', async () => {
  const log = new MemoryEventLog(new MemoryBroker({ partitionCount: 1, bytesMax: 10 }));
  await log.append([{ topic: TOPICS.requests, key: 'a', value: Buffer.alloc(9) }]);
  await assert.rejects(
    log.append([{ topic: TOPICS.requests, key: 'b', value: Buffer.alloc(0) }]),
    (error) => error instanceof StorageError && error.code === 'full',
  );
  assert.deepEqual(await log.bounds(TOPICS.requests), [{ partition: 0, start: 0, end: 1 }]);
});

test('the stamps of a memory log do not fall when its clock does', async () => {
  let nowMs = 1_000;
  const log = new MemoryEventLog(new MemoryBroker({ partitionCount: 1, nowMs: () => nowMs }));
  const wanted = [{ topic: TOPICS.requests, partition: 0, offset: 0 }] as const;
  await log.append([{ topic: TOPICS.requests, key: 'a', value: Buffer.from('1') }]);
  nowMs = 5_000;
  const [sealed] = await log.poll(wanted, { bytesMax: 100, waitMs: 0 });
  nowMs = 2_000;
  await log.append([{ topic: TOPICS.requests, key: 'a', value: Buffer.from('2') }]);
  const [slice] = await log.poll(wanted, { bytesMax: 100, waitMs: 0 });
  assert.equal(sealed?.sealedThroughMs, 5_000);
  assert.deepEqual(
    Array.from(slice?.records ?? [], (record) => record.loggedAtMs),
    [1_000, 5_000],
  );
});

test('a poll of a memory log waits by the injected wait alone', async () => {
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => {
    waits.push(ms);
  };
  const log = new MemoryEventLog(new MemoryBroker({ partitionCount: 1, wait }));
  await log.poll([{ topic: TOPICS.requests, partition: 0, offset: 0 }], { bytesMax: 1, waitMs: 86_400_000 });
  assert.deepEqual(waits, [86_400_000]);
});

test('a member whose session expired loses its partitions without being told', async () => {
  const broker = new MemoryBroker({ partitionCount: 2 });
  const zombie = new MemoryEventLog(broker);
  const told: string[] = [];
  const listener = (name: string) => ({
    onAssigned: (partitions: readonly number[]) => void told.push(`${name} +${partitions.join()}`),
    onRevoked: async (partitions: readonly number[]) => void told.push(`${name} -${partitions.join()}`),
    onLost: () => void told.push(`${name} lost`),
  });
  await zombie.joinGroup(listener('zombie'));
  await new MemoryEventLog(broker).joinGroup(listener('heir'));
  await zombie.expireSession();
  assert.deepEqual(told, ['zombie +0,1', 'zombie -1', 'heir +1', 'heir +0']);
});

test('a session that expires while its member is still joining leaves no ghost that owns partitions', async () => {
  const broker = new MemoryBroker({ partitionCount: 1 });
  let giveBack = (): void => {};
  const first = new MemoryEventLog(broker);
  const onRevoked = () => new Promise<void>((resolve) => (giveBack = resolve));
  await first.joinGroup({ onAssigned() {}, onRevoked, onLost() {} });
  await first.expireSession();
  // A member that clings to its partition holds up the rebalance, and thus those who join.
  const clinging = await new MemoryEventLog(broker).joinGroup({ onAssigned() {}, onRevoked, onLost() {} });
  const ghost = new MemoryEventLog(broker);
  const joining = ghost.joinGroup({ onAssigned() {}, async onRevoked() {}, onLost() {} });
  await ghost.expireSession();
  giveBack();
  await assert.rejects(joining, StorageError);
  await clinging.leave();
  const assigned: number[] = [];
  const heir = { onAssigned: (partitions: readonly number[]) => void assigned.push(...partitions) };
  await new MemoryEventLog(broker).joinGroup({ ...heir, async onRevoked() {}, onLost() {} });
  assert.deepEqual(assigned, [0]);
});
