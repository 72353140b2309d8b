const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/**
 * The partition of a key, as Kafka's Java client chooses it (`BuiltInPartitioner.partitionForKey`), so that producers
 * in any language and all adapters agree. `partitionCount` > 0; strings are hashed as UTF-8.
 */
export function partitionOf(key: string | Uint8Array, partitionCount: number): number {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  // Java clears the sign bit with this mask (`Utils.toPositive`); `>>> 0` or `Math.abs` would choose other partitions.
  return (murmur2(bytes) & 0x7fffffff) % partitionCount;
}

/** MurmurHash2, 32 bits, signed, with Kafka's seed (`Utils.murmur2`). */
function murmur2(bytes: Uint8Array): number {
  const wordsEnd = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let i = 0; i < wordsEnd; i += 4) {
    let word = Math.imul(
      at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24),
      MULTIPLIER,
    );
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  if (wordsEnd < bytes.length) {
    // Bytes past the end read as 0, which leaves the hash as it is.
    hash ^= at(bytes, wordsEnd) | (at(bytes, wordsEnd + 1) << 8) | (at(bytes, wordsEnd + 2) << 16);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
