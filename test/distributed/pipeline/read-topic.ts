import type { InputTopic, Topic } from '../../../src/events/topics.ts';
import type { Cluster } from './cluster.ts';

interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly loggedAtMs: number;
  readonly key: string;
  readonly value: unknown;
}

/** All that a topic holds. */
export async function recordsOf(cluster: Cluster, name: Topic): Promise<ReadRecord[]> {
  // The adapter reads any topic; the port's type names only what the processor reads.
  const topic = name as InputTopic;
  return cluster.withLog(async (log) => {
    const found: ReadRecord[] = [];
    for (const { partition, start, end } of await log.bounds(topic)) {
      for (let from = start; from < end; ) {
        const records = await log.readRange({ topic, partition, from, to: end });
        if (records.length === 0) break;
        from = (records.at(-1)?.offset ?? end) + 1;
        for (const { offset, loggedAtMs, key, value } of records) {
          found.push({ partition, offset, loggedAtMs, key: text(key), value: JSON.parse(text(value)) as unknown });
        }
      }
    }
    return found;
  });
}

function text(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString();
}
