import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pushVarint, readVarint, unzigzag, zigzag } from './varint.ts';

function written(...values: readonly number[]): number[] {
  const bytes: number[] = [];
  for (const value of values) pushVarint(bytes, value);
  return bytes;
}

test('seven bits of a number stand in a byte, the least first', () => {
  assert.deepEqual(written(0), [0]);
  assert.deepEqual(written(127), [127]);
  assert.deepEqual(written(128), [0x80, 1]);
  assert.deepEqual(written(300), [0xac, 2]);
  assert.deepEqual(written(2 ** 32), [0x80, 0x80, 0x80, 0x80, 0x10]);
});

test('whatever is written one after the other is read again, and nothing is left', () => {
  const value = fc.oneof(fc.nat(200), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const reader = { bytes: Uint8Array.from(written(...values)), at: 0 };
      assert.deepEqual(
        values.map(() => readVarint(reader)),
        values,
      );
      assert.equal(reader.at, reader.bytes.length);
    }),
  );
  const { MAX_SAFE_INTEGER } = Number;
  assert.equal(readVarint({ bytes: Uint8Array.from(written(MAX_SAFE_INTEGER)), at: 0 }), MAX_SAFE_INTEGER);
});

test('bytes that end inside a number are damaged, wherever they end', () => {
  const bytes = Uint8Array.from(written(2 ** 40));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readVarint({ bytes: bytes.subarray(0, length), at: 0 }), RangeError);
  }
});

test('numbers of both signs that are small are small without a sign, and come back', () => {
  assert.deepEqual([0, -1, 1, -2, 2].map(zigzag), [0, 1, 2, 3, 4]);
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }), (value) => {
      const folded = zigzag(value);
      assert.ok(folded >= 0 && unzigzag(folded) === value);
    }),
  );
});
