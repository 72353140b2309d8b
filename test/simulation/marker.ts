import type { LogRecord, NewRecord } from '../../src/event-log/event-log.ts';

const PREFIX = 'transaction marker ';

/** Takes an offset that no reader ever sees, as the markers of Kafka's transactions do. The number picks the partition. */
export function aMarker(topic: NewRecord['topic'], number: number): NewRecord {
  return { topic, key: `${PREFIX}${number}`, value: Buffer.alloc(0) };
}

export function isMarker({ key }: LogRecord): boolean {
  return key !== null && Buffer.from(key).subarray(0, PREFIX.length).toString() === PREFIX;
}
