import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { INPUT_TOPICS, TOPICS } from '../events/topics.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { EventLog } from './event-log.ts';
import {
  anId,
  endOf,
  keyOf,
  keysOfPartition,
  randomBytesOf,
  readFrom,
  slowly,
  textOf,
} from './event-log-builders.contract.ts';
import { groupContract } from './event-log-group.contract.ts';
import { pollingContract } from './event-log-polling.contract.ts';
import { partitionOf } from './partition-of.ts';

/** How an adapter presents itself to the suite. */
export interface EventLogUnderTest {
  readonly name: string;
  /**
   * Opens a log whose input topics have any number of partitions (where it can have several: at least 3). Called once
   * for the suite and again for each further reader or group member; all calls must give logs on the same records and
   * in the same group.
   */
  readonly open: () => Promise<EventLog>;
  /** Called after the last log was closed. */
  readonly dispose?: () => Promise<void>;
  /** Why the whole suite cannot run here. */
  readonly skip?: string | false;
  /** Tests that this adapter cannot pass by its nature: the test's name, and the reason. */
  readonly skipTests?: Readonly<Record<string, string>>;
}

/** A log that never answers fails its test instead of stopping the run. */
const TEST_MS_MAX = 90_000;

/** Every adapter of the port passes this suite. The log need not be empty: each test starts at the ends it finds. */
export function eventLogContract(subject: EventLogUnderTest): void {
  suite(`Event log: ${subject.name}`, { skip: subject.skip ?? false }, () => {
    const opened: EventLog[] = [];
    const open = async (): Promise<EventLog> => {
      const log = await subject.open();
      opened.push(log);
      return log;
    };
    let log: EventLog;
    before(async () => {
      log = await open();
    });
    after(async () => {
      await Promise.all(opened.map((each) => each.close()));
      await subject.dispose?.();
    });
    const contract = (name: string, run: (log: EventLog, open: () => Promise<EventLog>) => Promise<void>): void => {
      test(name, { skip: subject.skipTests?.[name] ?? false, timeout: TEST_MS_MAX }, () => run(log, open));
    };
    appending(contract);
    pollingContract(contract);
    history(contract);
    groupContract(contract);
    closing(contract);
  });
}

/** Declares one test of the contract. */
export type Contract = (name: string, run: (log: EventLog, open: () => Promise<EventLog>) => Promise<void>) => void;

function appending(contract: Contract): void {
  contract('records come back byte for byte from every input topic', async (log) => {
    const values = [
      Buffer.alloc(0),
      Buffer.from('{"ok":"żółw 🐢"}'),
      Buffer.from([0, 255, 128, 10]),
      Buffer.alloc(65_536, 7),
    ];
    for (const topic of INPUT_TOPICS) {
      for (const value of values) {
        const key = `schlüssel-日本-${anId()}`;
        const position = await endOf(log, topic, await partitionIn(log, key));
        await log.append([{ topic, key, value }]);
        const [record] = await readFrom(log, position, 1);
        assert.equal(keyOf(record), key);
        assert.ok(
          record?.value && value.equals(record.value),
          `${value.length} bytes came back as ${record?.value?.length}`,
        );
      }
    }
  });

  contract("the tenant of a sender's key comes back beside the value, and none as none", async (log) => {
    const tenants = ['acme', null, 'żółw 🐢', undefined];
    const [key = ''] = keysOfPartition(0, await log.partitionCount(), 1);
    for (const topic of INPUT_TOPICS) {
      const position = await endOf(log, topic, 0);
      const records = tenants.map((tenant) => ({
        topic,
        key,
        value: Buffer.from('v'),
        ...(tenant === undefined ? {} : { senderTenant: tenant }),
      }));
      await log.append(records);
      const read = await readFrom(log, position, tenants.length);
      assert.deepEqual(
        read.map(({ senderTenant }) => senderTenant && Buffer.from(senderTenant).toString()),
        ['acme', null, 'żółw 🐢', null],
      );
      assert.deepEqual(read.map(textOf), ['v', 'v', 'v', 'v']);
    }
  });

  contract('keeps the trace of a record beside it', async (log) => {
    const id = anId();
    const from = await endOf(log, TOPICS.requests, partitionOf(id, await log.partitionCount()));
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const records = [{ traceparent }, {}, { traceparent, senderTenant: 'żółw' }, { senderTenant: 'acme' }];
    await log.append(
      records.map((more) => ({ topic: TOPICS.requests, key: id, value: Buffer.from('{"a":1}'), ...more })),
    );
    const read = await readFrom(log, from, 4);
    assert.deepEqual(
      read.map((record) => [record.traceparent, record.senderTenant && Buffer.from(record.senderTenant).toString()]),
      [
        [traceparent, null],
        [undefined, null],
        [traceparent, 'żółw'],
        [undefined, 'acme'],
      ],
    );
    assert.deepEqual(
      read.map(({ value }) => value && Buffer.from(value).toString()),
      Array.from(read, () => '{"a":1}'),
    );
  });

  contract('records of one partition keep the order of their appends, and their offsets have no gap', async (log) => {
    const position = await endOf(log, TOPICS.requests, 1);
    const [key] = keysOfPartition(1, await log.partitionCount(), 1);
    const texts = Array.from({ length: 50 }, (_, i) => `n${i}`);
    for (let i = 0; i < texts.length; i += 10) {
      const group = texts.slice(i, i + 10);
      await log.append(group.map((text) => ({ topic: TOPICS.requests, key: key ?? '', value: Buffer.from(text) })));
    }
    const records = await readFrom(log, position, 50);
    assert.deepEqual(records.map(textOf), texts);
    assert.deepEqual(
      records.map((record) => record.offset),
      texts.map((_, i) => position.offset + i),
    );
  });

  contract("one key goes to the partition that Kafka's Java client chooses, in every input topic", async (log) => {
    const key = anId();
    const partition = await partitionIn(log, key);
    for (const topic of INPUT_TOPICS) {
      const position = await endOf(log, topic, partition);
      await log.append([{ topic, key, value: Buffer.from('here') }]);
      assert.equal(keyOf((await readFrom(log, position, 1))[0]), key);
    }
  });

  contract('appends in flight together are all kept', async (log) => {
    const position = await endOf(log, TOPICS.responses, 0);
    const keys = keysOfPartition(0, await log.partitionCount(), 40);
    await Promise.all(keys.map((key) => log.append([{ topic: TOPICS.responses, key, value: Buffer.from(key) }])));
    const records = await readFrom(log, position, keys.length);
    assert.deepEqual(records.map(textOf).sort(), [...keys].sort());
  });

  contract('an append larger than any batch of the log is taken whole', async (log) => {
    const position = await endOf(log, TOPICS.requests, 0);
    const [key = ''] = keysOfPartition(0, await log.partitionCount(), 1);
    const values = Array.from({ length: 200 }, () => randomBytesOf(60_000));
    await log.append(values.map((value) => ({ topic: TOPICS.requests, key, value })));
    const records = await readFrom(log, position, values.length);
    assert.ok(values.every((value, i) => value.equals(records[i]?.value ?? Buffer.of(1))));
  });

  contract('an append of nothing does nothing', async (log) => {
    const earlier = await log.bounds(TOPICS.requests);
    await log.append([]);
    assert.deepEqual(await log.bounds(TOPICS.requests), earlier);
  });

  contract('one append may go to all topics of the contract', async (log) => {
    const topics = Object.values(TOPICS);
    const earlier = await Promise.all(topics.map((topic) => countIn(log, topic)));
    await log.append(topics.map((topic) => ({ topic, key: 'acme|chat|gpt', value: Buffer.from('{}') })));
    const counts = await Promise.all(topics.map((topic) => countIn(log, topic)));
    assert.deepEqual(
      counts,
      earlier.map((count) => count + 1),
    );
  });

  contract("the log's stamps are the time of the append and never fall within a partition", async (log) => {
    const position = await endOf(log, TOPICS.requests, 0);
    const [key = ''] = keysOfPartition(0, await log.partitionCount(), 1);
    const startedAtMs = Date.now();
    for (let i = 0; i < 5; i++) await log.append([{ topic: TOPICS.requests, key, value: Buffer.from('x') }]);
    const stamps = (await readFrom(log, position, 5)).map((record) => record.loggedAtMs);
    assert.deepEqual(
      stamps,
      stamps.toSorted((a, b) => a - b),
    );
    assert.ok((stamps[0] ?? 0) >= startedAtMs - 1_000 && (stamps[4] ?? 0) <= Date.now() + 1_000, stamps.join());
  });
}

function history(contract: Contract): void {
  contract('the pages of a range hold everything from its start up to, not including, its end', async (log) => {
    const position = await endOf(log, TOPICS.responses, 1);
    const [key = ''] = keysOfPartition(1, await log.partitionCount(), 1);
    const records = Array.from({ length: 2_500 }, (_, i) => ({
      topic: TOPICS.responses,
      key,
      value: Buffer.from(`h${i}`),
    }));
    for (let i = 0; i < records.length; i += 500) await log.append(records.slice(i, i + 500));
    const range = { topic: TOPICS.responses, partition: 1, to: position.offset + 2_490 } as const;
    const texts: string[] = [];
    for (let from = position.offset + 10; ; ) {
      const page = await log.readRange({ ...range, from });
      if (page.length === 0) break;
      assert.equal(page[0]?.offset, from);
      texts.push(...page.map(textOf));
      from += page.length;
    }
    assert.deepEqual(
      texts,
      Array.from({ length: 2_480 }, (_, i) => `h${i + 10}`),
    );
  });

  contract('a range that lies at the end is empty at once', async (log) => {
    const { offset } = await endOf(log, TOPICS.requests, 0);
    const page = await log.readRange({ topic: TOPICS.requests, partition: 0, from: offset, to: offset });
    assert.deepEqual(page, []);
  });

  contract('a range is never called read up to where the log does not reach', async (log) => {
    const { offset } = await endOf(log, TOPICS.requests, 0);
    const [key = ''] = keysOfPartition(0, await log.partitionCount(), 1);
    await log.append([{ topic: TOPICS.requests, key, value: Buffer.from('the last') }]);
    const range = { topic: TOPICS.requests, partition: 0, to: offset + 3 } as const;
    const readAll = async () => {
      for (let from = offset; ; ) {
        const last = (await log.readRange({ ...range, from })).at(-1);
        if (last === undefined) return;
        from = last.offset + 1;
      }
    };
    await assert.rejects(readAll(), (error) => error instanceof StorageError && error.code === 'corrupt');
  });

  contract('offsetAt gives the first record stamped at or after an instant, or the end', async (log) => {
    const position = await endOf(log, TOPICS.requests, 1);
    const [key = ''] = keysOfPartition(1, await log.partitionCount(), 1);
    for (let i = 0; i < 3; i++) {
      await log.append([{ topic: TOPICS.requests, key, value: Buffer.from(`t${i}`) }]);
      await slowly(15);
    }
    const records = await readFrom(log, position, 3);
    for (const record of records) {
      const at = await log.offsetAt(TOPICS.requests, position.partition, record.loggedAtMs);
      assert.equal(at, records.find((each) => each.loggedAtMs === record.loggedAtMs)?.offset);
    }
    const end = position.offset + 3;
    assert.equal(await log.offsetAt(TOPICS.requests, position.partition, (records[2]?.loggedAtMs ?? 0) + 60_000), end);
    assert.equal(
      await log.offsetAt(TOPICS.requests, position.partition, 0),
      (await log.bounds(TOPICS.requests))[position.partition]?.start,
    );
  });

  contract('bounds name every partition once, in order, from the oldest record kept to the end', async (log) => {
    const bounds = await log.bounds(TOPICS.requests);
    assert.deepEqual(
      bounds.map((each) => each.partition),
      Array.from({ length: await log.partitionCount() }, (_, i) => i),
    );
    assert.ok(bounds.every(({ start, end }) => Number.isSafeInteger(start) && start >= 0 && start <= end));
  });
}

function closing(contract: Contract): void {
  contract('a log that can be written is healthy', async (log) => {
    await log.checkHealth();
  });

  contract('what one log appended another reads', async (log, open) => {
    const other = await open();
    const key = anId();
    const position = await endOf(other, TOPICS.requests, await partitionIn(log, key));
    await log.append([{ topic: TOPICS.requests, key, value: Buffer.from('across') }]);
    assert.equal(textOf((await readFrom(other, position, 1))[0]), 'across');
  });

  contract('after close nothing can be appended or read, and a waiting poll ends', async (_, open) => {
    const log = await open();
    const position = await endOf(log, TOPICS.requests, 0);
    const polled = log.poll([position], { bytesMax: 1_000, waitMs: 30_000 }).catch(() => []);
    await slowly(50);
    const startedAtMs = performance.now();
    await log.close();
    await polled;
    assert.ok(performance.now() - startedAtMs < 5_000, 'the poll waited on');
    await assert.rejects(log.append([{ topic: TOPICS.requests, key: 'k', value: Buffer.from('late') }]), isUnavailable);
    await assert.rejects(log.poll([position], { bytesMax: 1_000, waitMs: 0 }), isUnavailable);
    await log.close();
  });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'unavailable';
}

async function partitionIn(log: EventLog, key: string): Promise<number> {
  return partitionOf(key, await log.partitionCount());
}

async function countIn(log: EventLog, topic: (typeof TOPICS)[keyof typeof TOPICS]): Promise<number> {
  return (await log.bounds(topic)).reduce((sum, { start, end }) => sum + end - start, 0);
}
