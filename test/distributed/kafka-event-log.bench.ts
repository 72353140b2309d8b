import { randomUUID } from 'node:crypto';
import { startKafka } from '../../scripts/services/kafka.ts';
import type { EventLog } from '../../src/event-log/event-log.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaCompression } from '../../src/event-log/kafka/kafka-settings.ts';
import { TOPICS } from '../../src/events/topics.ts';

// node test/distributed/kafka-event-log.bench.ts [none|lz4|zstd|snappy|gzip] [records]
const [compression = 'none', recordCount = '2000000'] = process.argv.slice(2);
const PARTITIONS = 12;
const VALUE = Buffer.from(JSON.stringify({ tenant_id: 'acme-corp', model: 'gpt-4.1-mini', pad: 'x'.repeat(137) }));

const kafka = await startKafka({ brokers: 1 });
const settings = {
  brokers: kafka.bootstrap.split(','),
  clientId: 'bench',
  groupId: 'bench',
  compression: compression as KafkaCompression,
};
await createTopics(settings, { partitions: PARTITIONS, replicationFactor: 1 });
const log = new KafkaEventLog(settings);
console.log(`${recordCount} records of ${VALUE.length} bytes, compression ${compression}`);
for (const [senders, groupSize] of [
  [256, 1],
  [8, 1_000],
] as const) {
  await report(`append, ${senders} senders of ${groupSize}`, () =>
    appendAll(log, Number(recordCount), senders, groupSize),
  );
}
for (let run = 0; run < 3; run++) await report('poll everything', () => pollAll(log));
await log.close();
await kafka.stop();

async function appendAll(into: EventLog, count: number, senders: number, groupSize: number): Promise<number> {
  let left = count;
  const send = async (): Promise<void> => {
    while (left > 0) {
      left -= groupSize;
      await into.append(
        Array.from({ length: groupSize }, () => ({ topic: TOPICS.requests, key: randomUUID(), value: VALUE })),
      );
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  return count;
}

async function pollAll(from: EventLog): Promise<number> {
  const bounds = await from.bounds(TOPICS.requests);
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0);
  const wanted = bounds.map(({ partition, start }) => ({ topic: TOPICS.requests, partition, offset: start }));
  for (let read = 0; read < total; ) {
    for (const slice of await from.poll(wanted, { bytesMax: 4 * 1024 * 1024, waitMs: 1_000 })) {
      read += [...slice.records].length;
      const position = wanted[slice.partition];
      if (position !== undefined) position.offset = slice.nextOffset;
    }
  }
  return total;
}

/** Rate, and CPU of this process alone. */
async function report(name: string, run: () => Promise<number>): Promise<void> {
  const [startedAtMs, startedCpu] = [performance.now(), process.cpuUsage()];
  const count = await run();
  const { user, system } = process.cpuUsage(startedCpu);
  const perSecond = Math.round((count / (performance.now() - startedAtMs)) * 1_000);
  const memoryMb = Math.round(process.memoryUsage.rss() / 1e6);
  console.log(
    `${name}: ${perSecond} records/s, ${((user + system) / count).toFixed(2)} CPU µs a record, ${memoryMb} MB`,
  );
}
