/** Unsigned LEB128 numbers of bytes that are read from the front. */
export interface ByteReader {
  readonly bytes: Uint8Array;
  at: number;
}

/** Counts may pass 2^32, where bit operations end; division carries on up to 2^53. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

/** As `pushVarint`, at a place where there is room for eight bytes. @returns the place behind it */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > INT_MAX; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  let int = rest | 0;
  for (; int >= 0x80; int >>>= 7) bytes[at++] = (int & 0x7f) | 0x80;
  bytes[at++] = int;
  return at;
}

const INT_MAX = 0x7fff_ffff;

/** @throws when the bytes end inside the number: the file is damaged */
export function readVarint(reader: ByteReader): number {
  const { bytes } = reader;
  const first = bytes[reader.at];
  // Most are one byte long.
  if (first !== undefined && first < 0x80) {
    reader.at++;
    return first;
  }
  return readLong(reader);
}

function readLong(reader: ByteReader): number {
  const { bytes } = reader;
  let { at } = reader;
  let value = 0;
  for (let shift = 0; shift < INT_BITS; shift += 7) {
    const byte = byteAt(bytes, at++);
    value |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    reader.at = at;
    return value;
  }
  let unit = 2 ** INT_BITS;
  for (;;) {
    const byte = byteAt(bytes, at++);
    value += (byte & 0x7f) * unit;
    unit *= 0x80;
    if (byte >= 0x80) continue;
    reader.at = at;
    return value;
  }
}

/** Of as many bytes as are an integer to V8, which adds them in half the time. */
const INT_BITS = 28;

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('What is stored ends inside a number');
  return byte;
}

export const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);

/** The remainder of a number that is no integer to V8 is a call of the C library. */
export function unzigzag(value: number): number {
  if (value <= INT_MAX) return (value >>> 1) ^ -(value & 1);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
