import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../events/topics.ts';
import { MINUTE_MS } from '../tally/window.ts';
import { aRequest, CORE_OPTIONS, FLAT_PRICES, minute, START } from './core/core-builders.contract.ts';
import { ShardCore } from './core/shard-core.ts';
import { GroupCommitter } from './group-committer.ts';
import { FastRuntime, SILENT_EVENTS, StoreWithOutages, turns } from './processor-builders.contract.ts';
import { OWNER_PACE, type OwnerPorts, ShardOwner } from './shard-owner.ts';

const { signal } = new AbortController();

test('what several partitions hold is one group, and the rows that they share are counted once', async () => {
  const ports = somePorts();
  const written: number[] = [];
  const events = { ...SILENT_EVENTS, groupCommitted: ({ rows }: { rows: number }) => void written.push(rows) };
  const committer = new GroupCommitter({ ...ports, events });
  const owners = [0, 1].map((partition) => anOwner(ports, partition));
  for (const owner of owners) foldRequests(owner, [0, 1]);
  await committer.commit(owners, signal);
  assert.deepEqual(
    ports.store.groups.map((group) => group.map(({ partition }) => partition)),
    [[0, 1]],
  );
  assert.deepEqual(written, [2], 'two minutes of one series');
  assert.deepEqual(await seqsOf(ports), [1, 1]);
});

test('what is folded while a commit is in flight belongs to the next one', async () => {
  const ports = somePorts();
  const committer = new GroupCommitter(ports);
  const owners = [0, 1].map((partition) => anOwner(ports, partition));
  for (const owner of owners) foldRequests(owner, [0]);
  const first = committer.commit(owners, signal);
  for (const owner of owners) foldRequests(owner, [1]);
  assert.equal(committer.commit(owners, signal), first, 'no second one beside it');
  await first;
  await committer.commit(owners, signal);
  assert.deepEqual(
    ports.store.groups.map((group) => group.map(({ positions }) => positions[TOPICS.requests])),
    [
      [1, 1],
      [2, 2],
    ],
  );
});

test('a partition that is fenced is void, and the others of its group go on', async () => {
  const ports = somePorts();
  const committer = new GroupCommitter(ports);
  const owners = [0, 1].map((partition) => anOwner(ports, partition));
  const rival = anOwner(ports, 0);
  foldRequests(rival, [5]);
  await committer.commit([rival], signal);
  for (const owner of owners) foldRequests(owner, [0]);
  await committer.commit(owners, signal);
  assert.deepEqual(
    owners.map(({ isVoid }) => isVoid),
    [true, false],
  );
  for (const owner of owners) foldRequests(owner, [1]);
  await committer.commit(owners, signal);
  assert.deepEqual(await seqsOf(ports), [1, 2]);
});

test('a group that is given up voids every partition in it, and none of them commits again', async () => {
  const ports = somePorts();
  ports.store.isAwayFor = ({ partition }) => partition === 1;
  const committer = new GroupCommitter(ports);
  const owners = [0, 1].map((partition) => anOwner(ports, partition));
  for (const owner of owners) foldRequests(owner, [0]);
  const stop = new AbortController();
  const committing = committer.commit(owners, stop.signal);
  for (const owner of owners) foldRequests(owner, [1]);
  stop.abort();
  await assert.rejects(committing, /The store is away/);
  ports.store.isAwayFor = () => false;
  await committer.finish(owners, signal);
  assert.deepEqual(await seqsOf(ports), [null, null]);
});

test('partitions that are given away commit the rest together, once the commit in flight has ended', async () => {
  const ports = somePorts();
  ports.store.isAwayFor = () => true;
  const committer = new GroupCommitter(ports);
  const owners = [0, 1, 2].map((partition) => anOwner(ports, partition));
  for (const owner of owners) foldRequests(owner, [0]);
  void committer.commit(owners, signal);
  for (const owner of owners.slice(0, 2)) foldRequests(owner, [1]);
  const finishing = committer.finish(owners, signal);
  await turns(5);
  ports.store.isAwayFor = () => false;
  await finishing;
  assert.deepEqual(
    ports.store.groups.map((group) => group.map(({ partition }) => partition)),
    [
      [0, 1, 2],
      [0, 1],
    ],
  );
});

test('what is left when the time to give away is over stays for the next owner, who is not fenced by it', async () => {
  const ports = somePorts();
  ports.store.isAwayFor = () => true;
  const committer = new GroupCommitter(ports);
  const owner = anOwner(ports, 0);
  foldRequests(owner, [0]);
  void committer.commit([owner], signal);
  foldRequests(owner, [1]);
  const giveUp = new AbortController();
  const finishing = committer.finish([owner], giveUp.signal);
  giveUp.abort();
  ports.store.isAwayFor = () => false;
  await finishing;
  assert.equal((await ports.store.loadProgress(0))?.positions[TOPICS.requests], 1);
});

type Ports = OwnerPorts & { readonly store: StoreWithOutages };

function somePorts(): Ports {
  return { store: new StoreWithOutages(), runtime: new FastRuntime(), events: SILENT_EVENTS };
}

function anOwner(ports: Ports, partition: number): ShardOwner {
  const core = new ShardCore({ ...CORE_OPTIONS, partition, shardCount: 3 });
  const recovered = { core, seq: 0, completeThroughMs: 0, recordsRead: 0 };
  return new ShardOwner(recovered, { partition, commitIntervalMs: 20, pace: OWNER_PACE }, ports);
}

/** A request in each of these minutes. */
function foldRequests(owner: ShardOwner, minutes: readonly number[]): void {
  for (const atMinute of minutes) {
    const offset = owner.core.position(TOPICS.requests, 0);
    const partition = owner.core.partitionOf(0);
    const event = { timestamp: minute(atMinute) };
    const record = { ...aRequest(`${partition}-${offset}`, 0, event), offset, loggedAtMs: START + offset * MINUTE_MS };
    const nextOffset = offset + 1;
    const slice = { topic: TOPICS.requests, partition, records: [record], nextOffset, endOffset: nextOffset };
    owner.fold({ ...slice, sealedThroughMs: null }, FLAT_PRICES);
  }
}

async function seqsOf({ store }: Ports): Promise<(number | null)[]> {
  return Promise.all([0, 1].map(async (partition) => (await store.loadProgress(partition))?.seq ?? null));
}
