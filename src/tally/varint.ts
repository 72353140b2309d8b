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
  let value = 0;
  let unit = 1;
  for (;;) {
    const byte = bytes[reader.at++];
    if (byte === undefined) throw new RangeError('What is stored ends inside a number');
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
    unit *= 0x80;
  }
}

export const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);
export const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
