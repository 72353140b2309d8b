import type { EventLog, LogPosition } from '../../src/event-log/event-log.ts';
import type { InputTopic } from '../../src/events/topics.ts';
import { PARTITIONS } from './services.ts';

/** Follows any topic from its beginning, committed records only. */
export class TopicReader {
  readonly #log: EventLog;
  #positions: LogPosition[];

  constructor(log: EventLog, topic: string) {
    this.#log = log;
    // The reader does not mind which topic it reads; the port's type knows only ours.
    this.#positions = Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic: topic as InputTopic,
      partition,
      offset: 0,
    }));
  }

  /** What came since as text, after a second at the latest. */
  async next(): Promise<{ key: string; value: string }[]> {
    return (await this.nextBytes()).map(({ key, value }) => ({ key: textOf(key), value: textOf(value) }));
  }

  async nextBytes(): Promise<{ key: Uint8Array | null; value: Uint8Array | null }[]> {
    const slices = await this.#log.poll(this.#positions, { bytesMax: 4 * 1024 * 1024, waitMs: 1000 });
    for (const { partition, nextOffset } of slices) {
      this.#positions = this.#positions.map((at) => (at.partition === partition ? { ...at, offset: nextOffset } : at));
    }
    return slices.flatMap(({ records }) => Array.from(records, ({ key, value }) => ({ key, value })));
  }
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString('utf8');
}
