import assert from 'node:assert/strict';
import { INPUT_TOPICS, TOPICS } from '../events/topics.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { Contract } from './event-log.contract.ts';
import { endOf, keysOfPartition, randomBytesOf, readFrom, slowly, textOf } from './event-log-builders.contract.ts';

/** The part of the contract about polls and seals. */
export function pollingContract(contract: Contract): void {
  contract('a poll at the end waits its time, then gives slices without records', async (log) => {
    const wanted = await Promise.all(INPUT_TOPICS.map((topic) => endOf(log, topic, 0)));
    const startedAtMs = performance.now();
    const slices = await log.poll(wanted, { bytesMax: 65_536, waitMs: 300 });
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs >= 250 && tookMs < 3_000, `waited ${tookMs} ms`);
    assert.deepEqual(slices.map((slice) => slice.topic).sort(), [...INPUT_TOPICS].sort());
    for (const slice of slices) {
      assert.deepEqual([...slice.records], []);
      assert.equal(slice.endOffset, wanted.find((each) => each.topic === slice.topic)?.offset);
      assert.notEqual(slice.sealedThroughMs, null);
    }
  });

  contract('a waiting poll wakes up when a record is appended to any of its partitions', async (log) => {
    const wanted = await Promise.all([0, 1, 2].map((partition) => endOf(log, TOPICS.responses, partition)));
    const [key = ''] = keysOfPartition(2, await log.partitionCount(), 1);
    const startedAtMs = performance.now();
    const polled = log.poll(wanted, { bytesMax: 65_536, waitMs: 20_000 });
    await slowly(50);
    await log.append([{ topic: TOPICS.responses, key, value: Buffer.from('awake') }]);
    const slices = await polled;
    assert.ok(performance.now() - startedAtMs < 5_000, 'it slept on');
    const texts = slices.map(({ records }) => Array.from(records, textOf)).find((each) => each.length > 0);
    assert.deepEqual(texts, ['awake']);
  });

  contract('a poll takes about bytesMax, and polls that follow one another take everything', async (log) => {
    const count = 60;
    const position = await endOf(log, TOPICS.requests, 2);
    const [key = ''] = keysOfPartition(2, await log.partitionCount(), 1);
    // Distinct random bytes, so that compression cannot make the page small.
    for (let i = 0; i < count; i++) await log.append([{ topic: TOPICS.requests, key, value: randomBytesOf(4_096) }]);
    let { offset } = position;
    while (offset < position.offset + count) {
      const [slice] = await log.poll([{ ...position, offset }], { bytesMax: 32_768, waitMs: 5_000 });
      const records = [...(slice?.records ?? [])];
      const bytes = records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0);
      assert.ok(bytes > 0 && bytes <= 40_960, `one poll took ${bytes} bytes`);
      assert.equal(slice?.endOffset, position.offset + count);
      assert.equal(records[0]?.offset, offset);
      assert.equal(slice.nextOffset, offset + records.length);
      offset = slice.nextOffset;
    }
  });

  contract('a record larger than bytesMax is read all the same', async (log) => {
    const position = await endOf(log, TOPICS.requests, 0);
    const [key = ''] = keysOfPartition(0, await log.partitionCount(), 1);
    await log.append([{ topic: TOPICS.requests, key, value: randomBytesOf(60_000) }]);
    const [slice] = await log.poll([position], { bytesMax: 1_000, waitMs: 5_000 });
    assert.deepEqual(
      Array.from(slice?.records ?? [], ({ value }) => value?.length),
      [60_000],
    );
  });

  contract('only a slice that reaches the end is sealed, and later records are stamped no earlier', async (log) => {
    const position = await endOf(log, TOPICS.evaluations, 1);
    const [key = ''] = keysOfPartition(1, await log.partitionCount(), 1);
    const append = () => log.append([{ topic: TOPICS.evaluations, key, value: randomBytesOf(10_000) }]);
    for (let i = 0; i < 4; i++) await append();
    const [early] = await log.poll([position], { bytesMax: 12_000, waitMs: 5_000 });
    assert.equal(early?.sealedThroughMs, null);
    const [late] = await log.poll([{ ...position, offset: position.offset + 3 }], { bytesMax: 65_536, waitMs: 5_000 });
    assert.equal(typeof late?.sealedThroughMs, 'number');
    await append();
    const [record] = await readFrom(log, { ...position, offset: position.offset + 4 }, 1);
    assert.ok((record?.loggedAtMs ?? 0) >= (late?.sealedThroughMs ?? Infinity), 'a record was stamped before the seal');
  });

  contract('old records that are read again take nothing back of how far their partition is complete', async (log) => {
    const position = await endOf(log, TOPICS.evaluations, 2);
    const [key = ''] = keysOfPartition(2, await log.partitionCount(), 1);
    await log.append([{ topic: TOPICS.evaluations, key, value: Buffer.from('old') }]);
    const [record] = await readFrom(log, position, 1);
    const end = await endOf(log, TOPICS.evaluations, 2);
    const sealedMs = async (waitMs: number): Promise<number> => {
      const [slice] = await log.poll([end], { bytesMax: 1_000, waitMs });
      return slice?.sealedThroughMs ?? 0;
    };
    const longAfterMs = (record?.loggedAtMs ?? 0) + 1_000;
    let beforeMs = 0;
    while (beforeMs < longAfterMs) beforeMs = await sealedMs(100);
    // As whoever takes the partition over does.
    await log.readRange({ topic: TOPICS.evaluations, partition: 2, from: position.offset, to: end.offset });
    const afterMs = await sealedMs(0);
    assert.ok(afterMs >= beforeMs, `it was complete up to ${beforeMs}, then up to ${afterMs} only`);
  });

  contract('a poll beyond the end says that the log is not the one it was', async (log) => {
    const position = await endOf(log, TOPICS.requests, 0);
    const polled = log.poll([{ ...position, offset: position.offset + 1_000 }], { bytesMax: 1_000, waitMs: 100 });
    await assert.rejects(polled, (error) => error instanceof StorageError && error.code === 'corrupt');
  });
}
