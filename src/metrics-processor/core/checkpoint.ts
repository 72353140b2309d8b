import { INPUT_TOPICS, type InputTopic } from '../../events/topics.ts';
import type { Positions } from '../../metrics-store/commit.ts';

/**
 * All that a processor must remember of a partition besides the log itself: where it stood, and which records it had
 * read were still waiting. Everything else is read back.
 */
export interface Checkpoint {
  readonly positions: Positions;
  readonly timesMs: Readonly<Record<InputTopic, number>>;
  /** Offsets of the halves that waited, ascending per topic. */
  readonly waiting: Readonly<Record<InputTopic, readonly number[]>>;
  /** Offsets within the dedup horizon that hold no valid event: seeing them again must not count as seeing their id. */
  readonly invalid: Readonly<Record<InputTopic, readonly number[]>>;
  readonly sampling: { readonly second: number; readonly count: number; readonly countBefore: number };
}

/**
 * Bytes: a version, then unsigned LEB128 varints. Offsets are written as differences, so that a run of waiting calls takes
 * about a byte each.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new VarintWriter();
  writer.write(VERSION);
  for (const topic of INPUT_TOPICS) {
    writer.write(checkpoint.positions[topic]);
    writer.write(Math.floor(checkpoint.timesMs[topic]));
    writer.writeAscending(checkpoint.waiting[topic]);
    writer.writeAscending(checkpoint.invalid[topic]);
  }
  writer.write(checkpoint.sampling.second);
  writer.write(checkpoint.sampling.count);
  writer.write(checkpoint.sampling.countBefore);
  return writer.bytes();
}

/** @throws {RangeError} for bytes of another version, or that end too early */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const reader = new VarintReader(bytes);
  const version = reader.read();
  if (version !== VERSION) throw new RangeError(`A checkpoint of version ${version} cannot be read by this release`);
  const positions = {} as Record<InputTopic, number>;
  const timesMs = {} as Record<InputTopic, number>;
  const waiting = {} as Record<InputTopic, number[]>;
  const invalid = {} as Record<InputTopic, number[]>;
  for (const topic of INPUT_TOPICS) {
    positions[topic] = reader.read();
    timesMs[topic] = reader.read();
    waiting[topic] = reader.readAscending();
    invalid[topic] = reader.readAscending();
  }
  const sampling = { second: reader.read(), count: reader.read(), countBefore: reader.read() };
  return { positions, timesMs, waiting, invalid, sampling };
}

const VERSION = 1;

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
}
