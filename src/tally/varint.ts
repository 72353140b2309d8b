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
