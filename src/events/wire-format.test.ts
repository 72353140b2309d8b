import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadOf, wirePrefix } from './wire-format.ts';

const JSON_BYTES = Buffer.from('{"a":1}');

test('what is written behind a prefix is read without it', () => {
  for (const id of [0, 1, 0x01020304, 0xffffffff]) {
    assert.deepEqual(payloadOf(Buffer.concat([wirePrefix(id), JSON_BYTES])), JSON_BYTES);
  }
  assert.deepEqual([...wirePrefix(0x01020304)], [0, 1, 2, 3, 4]);
});

test('a value without a prefix is read as it is, and so is a zero byte that no JSON follows', () => {
  assert.equal(payloadOf(JSON_BYTES), JSON_BYTES);
  for (const short of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(5)]) assert.equal(payloadOf(short), short);
});
