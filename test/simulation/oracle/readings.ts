import type { PartitionLog, PlacedRecord } from './batch-oracle.ts';
import type { ReadEvent } from './read-event.ts';

/** Records by their places that are read before all others of their id. */
export type Reading = ReadonlySet<string>;

function placeOf(topic: string, { partition, offset }: Pick<PlacedRecord, 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`;
}

interface ReadingLimits {
  readonly joinTimeoutMs: number;
  /** Whether a record was written when not every processor could know of its partition yet. */
  readonly isUnheardOf: (record: PlacedRecord) => boolean;
}

/** With more of them nobody could tell what was promised. */
const CHOICES_MAX = 6;

const HALVES = [
  ['llm.requests', 'llm.responses'],
  ['llm.responses', 'llm.requests'],
] as const;

/**
 * The orders in which a log may have been read. It is that of log time, but in the seconds of a growth: then of a record
 * that was repeated in another partition the repetition may be read first, and it is from its time that the other half
 * is in reach or not. Only where that decides anything there is a second order.
 */
export function* readingsOf(partitions: readonly PartitionLog[], limits: ReadingLimits): Iterable<Reading> {
  const choices = partitions.flatMap((log) => choicesIn(log, limits)).slice(0, CHOICES_MAX);
  for (let chosen = 0; chosen < 2 ** choices.length; chosen++) {
    yield new Set(choices.filter((_, index) => (chosen >> index) % 2 === 1));
  }
}

/** What was read before all others of its id stands where the first of these stood. */
export function inReadingOrder(
  topic: string,
  events: readonly ReadEvent[],
  reading: Reading = new Set(),
): readonly ReadEvent[] {
  if (reading.size === 0) return events;
  const first = events.filter((event) => reading.has(placeOf(topic, event)));
  const others = events.filter((event) => !first.includes(event));
  return others.flatMap((event, index) => {
    const isFirstOfId = others.findIndex(({ keyText }) => keyText === event.keyText) === index;
    return isFirstOfId ? [...first.filter(({ keyText }) => keyText === event.keyText), event] : [event];
  });
}

function choicesIn(log: PartitionLog, { joinTimeoutMs, isUnheardOf }: ReadingLimits): readonly string[] {
  return HALVES.flatMap(([topic, other]) =>
    [...byKey(log[topic])].flatMap(([key, records]) => {
      const [first, ...rest] = records;
      if (first === undefined) return [];
      const inReach = (record: PlacedRecord) =>
        log[other]
          .filter((half) => textOf(half.key) === key)
          .map((half) => Math.abs(half.loggedAtMs - record.loggedAtMs) <= joinTimeoutMs);
      const isFirstOfPartition = (record: PlacedRecord) =>
        record === records.find(({ partition }) => partition === record.partition);
      return rest
        .filter((record) => record.partition !== first.partition && isFirstOfPartition(record) && isUnheardOf(record))
        .filter((record) => textOf(record.value) === textOf(first.value))
        .filter((record) => String(inReach(record)) !== String(inReach(first)))
        .map((record) => placeOf(topic, record));
    }),
  );
}

function byKey(records: readonly PlacedRecord[]): ReadonlyMap<string, readonly PlacedRecord[]> {
  return Map.groupBy(records, ({ key }) => textOf(key));
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('latin1');
}
