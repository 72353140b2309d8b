/**
 * 128 bits that stand for a request id: MurmurHash3 x86-128 (Austin Appleby, public domain), seeded.
 *
 * Why not the id itself: a million ids as strings in a `Map` take some 90 MB and every garbage collection visits
 * them; as four integers in a typed array they take 16 MB and none does. With 10^9 ids inside the horizon the chance
 * that any two collide is 10^-21, far below that of a memory error.
 */
export class Fingerprint {
  h1 = 0;
  h2 = 0;
  h3 = 0;
  h4 = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /**
   * Computes the fingerprint of `bytes` into `h1` to `h4`. One object is used again and again: this runs per record.
   */
  of(bytes: Uint8Array): this {
    this.h1 = this.h2 = this.h3 = this.h4 = this.#seed;
    const blocksEnd = bytes.length - (bytes.length % 16);
    for (let at = 0; at < blocksEnd; at += 16) this.#block(bytes, at);
    this.#tail(bytes, blocksEnd);
    this.#finish(bytes.length);
    return this;
  }

  #block(bytes: Uint8Array, at: number): void {
    let { h1, h2, h3, h4 } = this;
    h1 ^= scramble(word(bytes, at), C1, 15, C2);
    h1 = (Math.imul(rotl(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= scramble(word(bytes, at + 4), C2, 16, C3);
    h2 = (Math.imul(rotl(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= scramble(word(bytes, at + 8), C3, 17, C4);
    h3 = (Math.imul(rotl(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= scramble(word(bytes, at + 12), C4, 18, C1);
    h4 = (Math.imul(rotl(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
    this.h1 = h1;
    this.h2 = h2;
    this.h3 = h3;
    this.h4 = h4;
  }

  #tail(bytes: Uint8Array, at: number): void {
    const left = bytes.length - at;
    if (left > 12) this.h4 ^= scramble(partialWord(bytes, at + 12), C4, 18, C1);
    if (left > 8) this.h3 ^= scramble(partialWord(bytes, at + 8), C3, 17, C4);
    if (left > 4) this.h2 ^= scramble(partialWord(bytes, at + 4), C2, 16, C3);
    if (left > 0) this.h1 ^= scramble(partialWord(bytes, at), C1, 15, C2);
  }

  #finish(length: number): void {
    let h1 = this.h1 ^ length;
    let h2 = this.h2 ^ length;
    let h3 = this.h3 ^ length;
    let h4 = this.h4 ^ length;
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
    h1 = avalanche(h1);
    h2 = avalanche(h2);
    h3 = avalanche(h3);
    h4 = avalanche(h4);
    h1 = (h1 + h2 + h3 + h4) | 0;
    this.h1 = h1;
    this.h2 = (h2 + h1) | 0;
    this.h3 = (h3 + h1) | 0;
    this.h4 = (h4 + h1) | 0;
  }
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;

const rotl = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

function scramble(bits: number, first: number, by: number, second: number): number {
  return Math.imul(rotl(Math.imul(bits, first), by), second);
}

function avalanche(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Little-endian word of the up to four bytes that are left. */
function partialWord(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = Math.min(bytes.length, at + 4) - 1; i >= at; i--) value = (value << 8) | (bytes[i] as number);
  return value;
}
