import type { EventLog, LogRange, LogRecord } from '../event-log/event-log.ts';

/** A range of one partition, and the lane of its shard that it is. */
export interface LaneRange extends LogRange {
  readonly lane: number;
}

/**
 * Reads ranges of one topic to their ends, side by side in order of log time: what repeats an id must not be seen
 * before what it repeats, whichever partition each lies in.
 *
 * @returns how many records were taken
 */
export async function readInStep(
  log: Pick<EventLog, 'readRange'>,
  ranges: readonly LaneRange[],
  take: (records: readonly LogRecord[], lane: number) => void,
): Promise<number> {
  let readers: LaneReader[] = ranges.map((range) => ({ range, from: range.from, page: [] }));
  let taken = 0;
  for (;;) {
    for (const reader of readers) await refill(log, reader);
    readers = readers.filter(({ page }) => page.length > 0).sort((a, b) => headMs(a) - headMs(b));
    const [first, second] = readers;
    if (first === undefined) return taken;
    const untilMs = second === undefined ? Number.POSITIVE_INFINITY : headMs(second);
    const later = first.page.findIndex(({ loggedAtMs }) => loggedAtMs > untilMs);
    const records = later === -1 ? first.page : first.page.slice(0, later);
    first.page = first.page.slice(records.length);
    taken += records.length;
    take(records, first.range.lane);
  }
}

interface LaneReader {
  readonly range: LaneRange;
  from: number;
  page: readonly LogRecord[];
}

const headMs = ({ page }: LaneReader): number => (page[0] as LogRecord).loggedAtMs;

async function refill(log: Pick<EventLog, 'readRange'>, reader: LaneReader): Promise<void> {
  if (reader.page.length > 0 || reader.from >= reader.range.to) return;
  reader.page = await log.readRange({ ...reader.range, from: reader.from });
  const last = reader.page.at(-1);
  reader.from = last === undefined ? reader.range.to : last.offset + 1;
}
