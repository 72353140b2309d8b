import type { Signal } from '../export-answer.ts';
import type { ExportLimits, ItemCount } from './item-count.ts';

/** A message, as far as its fields are messages too. What is not named here is skipped, as the decoders skip it. */
interface Shape {
  readonly isItem: boolean;
  /** By field number. */
  readonly fields: readonly (Shape | undefined)[];
}

const ANY_VALUE: Shape = { isItem: false, fields: [] };
const KEY_VALUE = message({ 2: ANY_VALUE });
const EMPTY = message({});
Object.assign(ANY_VALUE, message({ 5: message({ 1: ANY_VALUE }), 6: message({ 1: KEY_VALUE }) }));

const EXEMPLAR = message({ 7: KEY_VALUE });
const BUCKETS = EMPTY;
const NUMBER_POINT = item({ 5: EXEMPLAR, 7: KEY_VALUE });
const HISTOGRAM_POINT = item({ 8: EXEMPLAR, 9: KEY_VALUE });
const EXPONENTIAL_POINT = item({ 1: KEY_VALUE, 8: BUCKETS, 9: BUCKETS, 11: EXEMPLAR });
const SUMMARY_POINT = item({ 6: EMPTY, 7: KEY_VALUE });

/** Field numbers of opentelemetry-proto 1.9. */
const REQUESTS: Readonly<Record<Signal, Shape>> = {
  traces: requestOf(item({ 9: KEY_VALUE, 11: message({ 3: KEY_VALUE }), 13: message({ 4: KEY_VALUE }), 15: EMPTY })),
  logs: requestOf(item({ 5: ANY_VALUE, 6: KEY_VALUE })),
  metrics: requestOf(
    message({
      5: message({ 1: NUMBER_POINT }),
      7: message({ 1: NUMBER_POINT }),
      9: message({ 1: HISTOGRAM_POINT }),
      10: message({ 1: EXPONENTIAL_POINT }),
      11: message({ 1: SUMMARY_POINT }),
      12: KEY_VALUE,
    }),
  ),
};

/** Deeper messages are skipped by the decoders too. */
const DEPTH_MAX = 64;

/** Counts the messages of a body without making any; ends at one beyond a limit, or where the bytes are no protobuf. */
export function countProtobufItems(body: Uint8Array, signal: Signal, limits: ExportLimits): Readonly<ItemCount> {
  const walk = new Walk(body, limits);
  walk.message(REQUESTS[signal], body.length, 0);
  return walk.count;
}

class Walk {
  readonly count: ItemCount = { items: 0, parts: 0 };
  readonly #body: Uint8Array;
  readonly #limits: ExportLimits;
  #at = 0;

  constructor(body: Uint8Array, limits: ExportLimits) {
    this.#body = body;
    this.#limits = limits;
  }

  /** @returns false where the walk is over */
  message(shape: Shape, end: number, depth: number): boolean {
    while (this.#at < end) {
      const tag = this.#varint();
      const wireType = tag & 7;
      if (wireType === LENGTH_DELIMITED) {
        const length = this.#varint();
        const fieldEnd = this.#at + length;
        if (fieldEnd > end) return false;
        const field = shape.fields[tag >>> 3];
        if (field !== undefined && depth < DEPTH_MAX) {
          if (!this.#counted(field) || !this.message(field, fieldEnd, depth + 1)) return false;
        }
        this.#at = fieldEnd;
      } else if (wireType === VARINT) this.#varint();
      else if (wireType === FIXED64) this.#at += 8;
      else if (wireType === FIXED32) this.#at += 4;
      // Groups are older than OTLP; whoever sends them is told by the decoder.
      else return false;
    }
    return true;
  }

  #counted({ isItem }: Shape): boolean {
    const { count } = this;
    count.parts++;
    if (isItem) count.items++;
    return count.items <= this.#limits.itemsMax && count.parts <= this.#limits.partsMax;
  }

  /** The low 32 bits. */
  #varint(): number {
    const body = this.#body;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = body[this.#at++] ?? 0;
      if (shift < 35) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function requestOf(entry: Shape): Shape {
  const attributes = { 3: KEY_VALUE };
  const scope = message({ 1: message(attributes), 2: entry });
  return message({ 1: message({ 1: message({ 1: KEY_VALUE }), 2: scope }) });
}

function item(fields: Readonly<Record<number, Shape>>): Shape {
  return { ...message(fields), isItem: true };
}

function message(fields: Readonly<Record<number, Shape>>): Shape {
  const byNumber: (Shape | undefined)[] = [];
  for (const [number, shape] of Object.entries(fields)) byNumber[Number(number)] = shape;
  return { isItem: false, fields: Array.from(byNumber) };
}
