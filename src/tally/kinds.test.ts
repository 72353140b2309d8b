import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofKind } from './kinds.ts';

test('the fields of a kind come in the order of the table', () => {
  const kinds = { b: 'sum', max: 'max', a: 'sum' } as const;
  assert.deepEqual(ofKind(kinds, 'sum'), ['b', 'a']);
  assert.deepEqual(ofKind(kinds, 'max'), ['max']);
});
