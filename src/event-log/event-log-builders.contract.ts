import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InputTopic } from '../events/topics.ts';
import type { EventLog, LogPosition, LogRecord, OffsetBounds } from './event-log.ts';
import { partitionOf } from './partition-of.ts';

/** A fresh `request_id`. */
export function anId(): string {
  return `call-${randomUUID()}`;
}

/** Fresh keys that all go to one partition; numbers beyond the last wrap around, for logs with fewer partitions. */
export function keysOfPartition(partition: number, partitionCount: number, count: number): string[] {
  const keys: string[] = [];
  while (keys.length < count) {
    const key = anId();
    if (partitionOf(key, partitionCount) === partition % partitionCount) keys.push(key);
  }
  return keys;
}

/** The position of the record that the partition gets next; numbers beyond the last wrap around. */
export async function endOf(log: EventLog, topic: InputTopic, partition: number): Promise<LogPosition> {
  const bounds = await log.bounds(topic);
  const { partition: existing, end: offset } = bounds[partition % bounds.length] as OffsetBounds;
  return { topic, partition: existing, offset };
}

/** Polls until `count` records from the position on have come. @throws after 20 s without one. */
export async function readFrom(log: EventLog, position: LogPosition, count: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  let { offset } = position;
  while (records.length < count) {
    const [slice] = await log.poll([{ ...position, offset }], { bytesMax: 1_048_576, waitMs: 20_000 });
    if (slice === undefined || slice.nextOffset === offset) {
      throw new Error(`${count} records were expected, ${records.length} came`);
    }
    records.push(...slice.records);
    offset = slice.nextOffset;
  }
  return records;
}

export function keyOf(record: LogRecord | undefined): string | undefined {
  return record?.key == null ? undefined : Buffer.from(record.key).toString();
}

export function textOf(record: LogRecord | undefined): string {
  return record?.value == null ? '' : Buffer.from(record.value).toString();
}

/** Real time passes, in ms. */
export async function slowly(ms: number): Promise<void> {
  await sleep(ms);
}

/** No compression makes them smaller. */
export function randomBytesOf(length: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(length)));
}
