/** What the decoder does with a value: drop it undecoded, decode it, or keep its bytes until somebody asks. */
export type KeyUse = 'drop' | 'keep' | 'late';

export interface KnownKey {
  readonly name: string;
  readonly use: KeyUse;
}

/** Attribute keys are a closed set in practice; a sender who makes up more than this is served without the cache. */
const KEYS_MAX = 4096;
const SLOT_COUNT = 4 * KEYS_MAX;
/** A sender who makes keys collide on purpose costs us this many comparisons a key, not thousands. */
const PROBES_MAX = 16;
/** A longer key is never one that we read. */
const KEY_BYTES_MAX = 256;

interface Slot extends KnownKey {
  readonly bytes: Uint8Array;
  /** The key that came after this one last time: a sender writes its keys in one order. */
  next: Slot | null;
}

/**
 * Finds the string of an attribute key, and what to do with its value, from the key's bytes on the wire.
 *
 * A span of a model call has about 25 attributes, of which most are dropped: making a string for each would be
 * half of the decoding time. Open addressing over a hash of all bytes; lives as long as the process.
 */
export class KeyTable {
  readonly #slots: (Slot | undefined)[] = Array.from({ length: SLOT_COUNT });
  readonly #useOf: (key: string) => KeyUse;
  /** The slot of the key found last; its `next` is tried before anything is hashed. */
  #last: Slot | null = null;
  #size = 0;

  /** `seeds` are learnt at once, so that no sender can fill the table with other keys before they come. */
  constructor(useOf: (key: string) => KeyUse, seeds: Iterable<string>) {
    this.#useOf = useOf;
    for (const seed of seeds) {
      const bytes = Buffer.from(seed);
      this.find(bytes, 0, bytes.length);
    }
  }

  /** For keys that are strings already, as in JSON. */
  useOf(key: string): KeyUse {
    return this.#useOf(key);
  }

  find(body: Buffer, start: number, end: number): KnownKey {
    const expected = this.#last?.next ?? null;
    if (expected !== null && isSame(expected.bytes, body, start, end)) return (this.#last = expected);
    if (end - start > KEY_BYTES_MAX) return { name: '', use: 'drop' };
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (body[i] ?? 0), 0x01000193);
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const index = ((hash >>> 0) + probe) % SLOT_COUNT;
      const slot = this.#slots[index];
      if (slot === undefined) return this.#learn(index, body.subarray(start, end));
      if (isSame(slot.bytes, body, start, end)) return this.#follow(slot);
    }
    const name = body.toString('utf8', start, end);
    return { name, use: this.#useOf(name) };
  }

  #learn(index: number, key: Buffer): KnownKey {
    const name = key.toString('utf8');
    const slot: Slot = { name, use: this.#useOf(name), bytes: Uint8Array.from(key), next: null };
    if (this.#size === KEYS_MAX) return slot;
    this.#slots[index] = slot;
    this.#size += 1;
    return this.#follow(slot);
  }

  #follow(slot: Slot): Slot {
    if (this.#last !== null) this.#last.next = slot;
    this.#last = slot;
    return slot;
  }
}

function isSame(known: Uint8Array, body: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) {
    if (known[i] !== body[start + i]) return false;
  }
  return true;
}
