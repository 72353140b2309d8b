import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fingerprint } from './fingerprint.ts';

function hex(text: string, seed = 0): string {
  const { h1, h2, h3, h4 } = new Fingerprint(seed).of(Buffer.from(text));
  return [h1, h2, h3, h4].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** SMHasher's verification: keys {}, {0}, {0,1}, … with seeds 256, 255, …, and the hash over all their hashes. */
test("the fingerprint is MurmurHash3 x86-128 by SMHasher's own verification value", () => {
  const words = (fingerprint: Fingerprint) =>
    Int32Array.of(fingerprint.h1, fingerprint.h2, fingerprint.h3, fingerprint.h4);
  const hashes = Buffer.alloc(256 * 16);
  const key = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let length = 0; length < 256; length++) {
    const fingerprint = new Fingerprint(256 - length).of(key.subarray(0, length));
    words(fingerprint).forEach((word, i) => hashes.writeInt32LE(word, length * 16 + i * 4));
  }
  assert.equal(new Fingerprint(0).of(hashes).h1 >>> 0, 0xb3ece62a);
});

test('the fingerprint of nothing with seed 0 is zero', () => {
  assert.equal(hex(''), '0'.repeat(32));
});

test('seeds and every byte matter, also in a tail of any length', () => {
  const all = new Set<string>();
  for (let length = 1; length <= 40; length++) {
    for (let at = 0; at < length; at++) all.add(hex(`${'a'.repeat(at)}b${'a'.repeat(length - at - 1)}`));
    all.add(hex('a'.repeat(length)));
    all.add(hex('a'.repeat(length), 1));
  }
  assert.equal(all.size, (40 * 41) / 2 + 80);
});
