import protobuf from 'protobufjs/minimal.js';
import { AttributeList } from './attribute-list.ts';
import { type AttributeReader, createAttributeReader } from './decode-protobuf-attributes.ts';
import type { KeyTable } from './key-table.ts';
import { resourceOf, resourceOfScope } from './process-key.ts';
import type { NanoInstant } from './time.ts';
import type { OtlpResource, OtlpScope } from './trace-export.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;

/** Where a message lies in the body. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** What `ProtobufWalk.groups` hands out. */
export interface Group {
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
  /** Of its log records or metrics. */
  readonly places: readonly Place[];
}

/** Goes through the body of an export over the wire primitives, as spans are (`decode-protobuf.ts`). */
export class ProtobufWalk {
  readonly reader: protobuf.Reader;
  readonly buffer: Buffer;
  readonly attributes: AttributeReader;

  constructor(buffer: Buffer, keys: KeyTable) {
    this.buffer = buffer;
    this.reader = protobuf.Reader.create(buffer);
    this.attributes = createAttributeReader(this.reader, buffer, keys);
  }

  /** The scopes of an export with their items. A resource may come after them on the wire: it is looked for first. */
  *groups(): Iterable<Group> {
    for (const { start, end } of this.messages(0, this.buffer.length, 1)) {
      let resource: OtlpResource = resourceOf(new AttributeList());
      for (const place of this.messages(start, end, 1)) {
        this.reader.pos = place.start;
        resource = resourceOf(this.attributes.messageWithAttributes(place.end, 1));
      }
      for (const group of this.messages(start, end, 2)) {
        let scope: OtlpScope = { name: '', version: '' };
        let ofScope = resource;
        for (const place of this.messages(group.start, group.end, 1)) {
          scope = this.#scope(place);
          this.reader.pos = place.start;
          ofScope = resourceOfScope(resource, this.attributes.messageWithAttributes(place.end, 3));
        }
        yield { scope, resource: ofScope, places: this.messages(group.start, group.end, 2) };
      }
    }
  }

  /** Where the messages of one field lie in `[start, end)`. Moves the reader. */
  messages(start: number, end: number, number: number): readonly Place[] {
    const places: Place[] = [];
    const { reader } = this;
    reader.pos = start;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag >>> 3 !== number || (tag & 7) !== LENGTH_DELIMITED) {
        if (tag >>> 3 === number) throw new RangeError(`field ${number} has a wire type that no export has`);
        reader.skipType(tag & 7);
        continue;
      }
      const messageEnd = this.end();
      places.push({ start: reader.pos, end: messageEnd });
      reader.pos = messageEnd;
    }
    if (reader.pos !== end) throw new RangeError('a message is longer than its length prefix says');
    return places;
  }

  /** The text or bytes at the reader's place. */
  text(encoding: 'hex' | 'utf8'): string {
    const end = this.end();
    const text = this.buffer.toString(encoding, this.reader.pos, end);
    this.reader.pos = end;
    return text;
  }

  instant(): NanoInstant {
    const at = this.#eightBytes();
    return { high: this.buffer.readUInt32LE(at + 4), low: this.buffer.readUInt32LE(at) };
  }

  nanos(): bigint {
    return this.buffer.readBigUInt64LE(this.#eightBytes());
  }

  double(): number {
    return this.buffer.readDoubleLE(this.#eightBytes());
  }

  sfixed64(): number {
    return Number(this.buffer.readBigInt64LE(this.#eightBytes()));
  }

  /** Reads a length prefix; the answer is where the message ends. */
  end(): number {
    const length = this.reader.uint32();
    const end = this.reader.pos + length;
    if (end > this.buffer.length) throw new RangeError('the body is cut off');
    return end;
  }

  #eightBytes(): number {
    const at = this.reader.pos;
    if (at + 8 > this.buffer.length) throw new RangeError('a number is cut off');
    this.reader.pos = at + 8;
    return at;
  }

  #scope({ start, end }: Place): OtlpScope {
    const [name = '', version = ''] = [1, 2].map((number) => {
      const [text] = this.messages(start, end, number);
      return text === undefined ? '' : this.buffer.toString('utf8', text.start, text.end);
    });
    return { name, version };
  }
}
