import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../../events/topics.ts';
import { laneOf, offsetOf, placeOf } from '../join/lane.ts';

export type Sighting = 'ownTenant' | 'otherTenant';

/**
 * All that a processor must remember of a shard besides the log itself: where it stood, and which records it had
 * read were still waiting. Everything else is read back.
 */
export interface Checkpoint {
  /** Into how many shards the ids were divided; that never changes. */
  readonly shardCount: number;
  /** The next offset per topic and lane. */
  readonly positions: Readonly<Record<InputTopic, readonly number[]>>;
  /** How far each lane was read, in log time. */
  readonly timesMs: Readonly<Record<InputTopic, readonly number[]>>;
  /**
   * Places of the records that were pending, of evaluations that followed a call of an open trace, and of reports that
   * are read back though they lie further back than all are.
   */
  readonly waiting: Readonly<Record<InputTopic, readonly number[]>>;
  /** Places of the requests among them whose calls are kept, see `call-sampling.ts`. */
  readonly kept: readonly number[];
  /**
   * Places of the others among them that have seen a call of their own tenant, or of another one, see `sightings.ts`.
   * Of reports, own: those that say again what is not read back, see `repeated-reports.ts`; other: those whose traces
   * are closed, see `closed-groups.ts`.
   */
  readonly sighted: Readonly<Record<Sighting, Readonly<Record<InputTopic, readonly number[]>>>>;
  /** Places within the dedup horizon that hold no valid event: seeing them again must not count as seeing their id. */
  readonly invalid: Readonly<Record<InputTopic, readonly number[]>>;
  readonly sampling: { readonly second: number; readonly count: number; readonly countBefore: number };
  /** At which prices open calls were counted, see `counted-prices.ts`. */
  readonly prices: string;
}

/**
 * Bytes: a version, then unsigned LEB128 varints. Offsets are written per lane as differences, so that a run of waiting
 * calls takes about a byte each.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new VarintWriter();
  writer.write(VERSION);
  writer.write(checkpoint.shardCount);
  for (const topic of INPUT_TOPICS) {
    writer.write(checkpoint.positions[topic].length);
    for (const [lane, position] of checkpoint.positions[topic].entries()) {
      writer.write(position);
      writer.write(Math.floor(checkpoint.timesMs[topic][lane] ?? 0));
      writer.writeAscending(offsetsOf(lane, checkpoint.waiting[topic]));
      writer.writeAscending(offsetsOf(lane, checkpoint.invalid[topic]));
      if (topic === TOPICS.requests) writer.writeAscending(offsetsOf(lane, checkpoint.kept));
      for (const sighting of SIGHTINGS) writer.writeAscending(offsetsOf(lane, checkpoint.sighted[sighting][topic]));
    }
  }
  writer.write(checkpoint.sampling.second);
  writer.write(checkpoint.sampling.count);
  writer.write(checkpoint.sampling.countBefore);
  writer.writeText(checkpoint.prices);
  return writer.bytes();
}

/** @throws {RangeError} for bytes of another version, or that end too early */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const reader = new VarintReader(bytes);
  const shardCount = readHead(reader);
  const empty = () =>
    Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, []])) as unknown as Record<InputTopic, number[]>;
  const [positions, timesMs, waiting, invalid] = [empty(), empty(), empty(), empty()];
  const sighted = { ownTenant: empty(), otherTenant: empty() };
  const kept: number[] = [];
  for (const topic of INPUT_TOPICS) {
    const laneCount = reader.read();
    for (let lane = 0; lane < laneCount; lane++) {
      positions[topic].push(reader.read());
      timesMs[topic].push(reader.read());
      for (const offset of reader.readAscending()) waiting[topic].push(placeOf(lane, offset));
      for (const offset of reader.readAscending()) invalid[topic].push(placeOf(lane, offset));
      if (topic === TOPICS.requests) for (const offset of reader.readAscending()) kept.push(placeOf(lane, offset));
      for (const sighting of SIGHTINGS) {
        for (const offset of reader.readAscending()) sighted[sighting][topic].push(placeOf(lane, offset));
      }
    }
  }
  const sampling = { second: reader.read(), count: reader.read(), countBefore: reader.read() };
  const prices = reader.readText();
  return { shardCount, positions, timesMs, waiting, kept, sighted, invalid, sampling, prices };
}

/** The same checkpoint where the log was stamped anew. @throws {RangeError} as `decodeCheckpoint` */
export function restampCheckpoint(bytes: Uint8Array, restamp: (loggedAtMs: number) => number): Uint8Array {
  const checkpoint = decodeCheckpoint(bytes);
  const timesMs = Object.fromEntries(
    INPUT_TOPICS.map((topic) => [topic, checkpoint.timesMs[topic].map(restamp)]),
  ) as unknown as Checkpoint['timesMs'];
  return encodeCheckpoint({ ...checkpoint, timesMs });
}

/** @throws {RangeError} as `decodeCheckpoint` */
export function shardCountOf(checkpoint: Uint8Array): number {
  return readHead(new VarintReader(checkpoint));
}

/** The number of shards. */
function readHead(reader: VarintReader): number {
  const version = reader.read();
  if (version !== VERSION) throw new RangeError(`A checkpoint of version ${version} cannot be read by this release`);
  return reader.read();
}

const SIGHTINGS = ['ownTenant', 'otherTenant'] as const;

const VERSION = 4;

/** Ascending: within a lane records wait in the order of the log. */
function offsetsOf(lane: number, places: readonly number[]): number[] {
  return places.filter((place) => laneOf(place) === lane).map(offsetOf);
}

class VarintWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** `value` is a whole number from 0 to 2^53. */
  write(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  writeAscending(values: readonly number[]): void {
    this.write(values.length);
    let previous = 0;
    for (const value of values) {
      this.write(value - previous);
      previous = value;
    }
  }

  writeText(text: string): void {
    const bytes = Buffer.from(text);
    this.write(bytes.length);
    for (const byte of bytes) this.write(byte);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('A checkpoint ends inside a number');
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
  }

  readAscending(): number[] {
    const values: number[] = [];
    let value = 0;
    for (let left = this.read(); left > 0; left--) values.push((value += this.read()));
    return values;
  }

  readText(): string {
    return Buffer.from(Array.from({ length: this.read() }, () => this.read())).toString();
  }
}
