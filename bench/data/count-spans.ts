/** From the message to the spans in it: resource spans, scope spans, spans. */
const PATH = [1, 2, 2];
const LENGTH_DELIMITED = 2;
/** Bytes of a number that is not a varint, by its wire type. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/**
 * How many spans an OTLP message in protobuf has. Written for the comparison alone, so that what a peer wrote is not
 * counted by the decoder that is compared with it.
 *
 * @throws RangeError where it is no such message
 */
export function countSpans(message: Uint8Array): number {
  return countAt(message, 0);
}

function countAt(message: Uint8Array, depth: number): number {
  const reader = { message, at: 0 };
  let count = 0;
  while (reader.at < message.length) {
    const tag = varint(reader);
    const type = tag & 7;
    if (type === LENGTH_DELIMITED) {
      const length = varint(reader);
      const end = reader.at + length;
      if (end > message.length) throw new RangeError('A field is longer than its message');
      const isOnPath = tag >> 3 === PATH[depth];
      if (isOnPath) count += depth === PATH.length - 1 ? 1 : countAt(message.subarray(reader.at, end), depth + 1);
      reader.at = end;
    } else if (type === 0) varint(reader);
    else reader.at += fixedBytes(type);
  }
  return count;
}

function fixedBytes(type: number): number {
  const bytes = FIXED_BYTES[type];
  if (bytes === undefined) throw new RangeError(`There is no wire type ${type}`);
  return bytes;
}

function varint(reader: { readonly message: Uint8Array; at: number }): number {
  let value = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = reader.message[reader.at++];
    if (byte === undefined) throw new RangeError('A number ends with its message');
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
}
