import type protobuf from 'protobufjs/minimal.js';
import { AttributeList } from './attribute-list.ts';
import type { KeyTable } from './key-table.ts';
import type { AttributeValue } from './trace-export.ts';

/** Deeper values are dropped: nobody sends them in earnest, and recursion must end. */
const VALUE_DEPTH_MAX = 16;

/** Reads KeyValue and AnyValue of `common/v1/common.proto` at the position of a shared reader. */
export interface AttributeReader {
  emptyList(): AttributeList;
  /** Reads one length-prefixed KeyValue; puts it into the list when somebody wants its key. */
  keyValueInto(attributes: AttributeList): void;
  /** Reads a message up to `end` whose attributes lie in the field of that number. */
  messageWithAttributes(end: number, attributesField: number): AttributeList;
}

/** Reads past the end throw RangeError, as protobufjs does; the caller turns it into a reason. */
export function createAttributeReader(reader: protobuf.Reader, buffer: Buffer, keys: KeyTable): AttributeReader {
  function lengthEnd(): number {
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > buffer.length) throw new RangeError('an attribute is cut off');
    return end;
  }

  function keyValueInto(attributes: AttributeList): void {
    const end = lengthEnd();
    let key = '';
    let use = 'drop';
    let value: AttributeValue = null;
    let valueBeforeKey = -1;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) {
        const keyEnd = lengthEnd();
        const known = keys.find(buffer, reader.pos, keyEnd);
        reader.pos = keyEnd;
        key = known.name;
        use = known.use;
      } else if (tag === 0x12 && use !== 'drop') {
        value = anyValue(lengthEnd(), 0, use === 'late');
      } else {
        if (tag === 0x12 && key === '') valueBeforeKey = reader.pos;
        reader.skipType(tag & 7);
      }
    }
    if (reader.pos !== end) throw new RangeError('an attribute is longer than its length prefix says');
    if (valueBeforeKey >= 0 && use !== 'drop') {
      reader.pos = valueBeforeKey;
      value = anyValue(lengthEnd(), 0, use === 'late');
      reader.pos = end;
    }
    if (use !== 'drop' && value !== null) attributes.set(key, value);
  }

  function anyValue(end: number, depth: number, isLate: boolean): AttributeValue {
    let value: AttributeValue = null;
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 0x0a:
          value = isLate ? bytes() : reader.string();
          break;
        case 0x10:
          value = reader.uint32() !== 0;
          break;
        case 0x18:
          value = int64();
          break;
        case 0x21:
          value = reader.double();
          break;
        case 0x2a:
          value = list(lengthEnd(), depth + 1);
          break;
        case 0x32:
          value = keyValueList(lengthEnd(), depth + 1);
          break;
        case 0x3a:
          value = bytes();
          break;
        default:
          reader.skipType(tag & 7);
      }
    }
    if (reader.pos !== end) throw new RangeError('a value is longer than its length prefix says');
    return value;
  }

  /** Exact up to 2^53, far beyond any count. Most counts take one byte, or two. */
  function int64(): number {
    const first = buffer[reader.pos] ?? 0x80;
    if (first < 0x80) {
      reader.pos += 1;
      return first;
    }
    const value = reader.int64();
    return typeof value === 'number' ? value : value.high * 2 ** 32 + (value.low >>> 0);
  }

  function bytes(): Uint8Array {
    const end = lengthEnd();
    const value = buffer.subarray(reader.pos, end);
    reader.pos = end;
    return value;
  }

  function list(end: number, depth: number): AttributeValue {
    const values: AttributeValue[] = [];
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 0x0a && depth < VALUE_DEPTH_MAX) values.push(anyValue(lengthEnd(), depth, false));
      else reader.skipType(tag & 7);
    }
    return values;
  }

  function keyValueList(end: number, depth: number): AttributeValue {
    const entries: [string, AttributeValue][] = [];
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag !== 0x0a || depth >= VALUE_DEPTH_MAX) {
        reader.skipType(tag & 7);
        continue;
      }
      entries.push(entry(lengthEnd(), depth));
    }
    return Object.fromEntries(entries);
  }

  function entry(end: number, depth: number): [string, AttributeValue] {
    let key = '';
    let value: AttributeValue = null;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) key = reader.string();
      else if (tag === 0x12) value = anyValue(lengthEnd(), depth, false);
      else reader.skipType(tag & 7);
    }
    return [key, value];
  }

  return {
    emptyList: () => new AttributeList(),
    keyValueInto,
    messageWithAttributes(end, attributesField) {
      const attributes = new AttributeList();
      while (reader.pos < end) {
        const tag = reader.uint32();
        if (tag === ((attributesField << 3) | 2)) keyValueInto(attributes);
        else reader.skipType(tag & 7);
      }
      if (reader.pos !== end) throw new RangeError('a resource is longer than its length prefix says');
      return attributes;
    },
  };
}
