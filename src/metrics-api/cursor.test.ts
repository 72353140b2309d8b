import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../http/problem.ts';
import { askedOf, decodeCursor, encodeCursor } from './cursor.ts';

const KINDS = ['number', 'string'] as const;
const QUERY = { tenant_id: 'acme', route: undefined, step: '1m', order: 'desc', limit: 3, from: 'now-1h' };
const CURSOR = encodeCursor([1_796_031_785_000, 'chat'], askedOf(QUERY));

function refusalOf(cursor: string, query: object): unknown {
  try {
    decodeCursor(cursor, KINDS, askedOf(query));
  } catch (error) {
    assert.ok(error instanceof Problem);
    return error.errors;
  }
  return null;
}

test('a cursor is taken with the query that gave it, whatever its limit, range and quantiles are now', () => {
  const next = { ...QUERY, limit: 100, from: 'now-2h', to: 'now', quantiles: '0.5', cursor: CURSOR };
  assert.deepEqual(decodeCursor(CURSOR, KINDS, askedOf(next)), [1_796_031_785_000, 'chat']);
});

test('a cursor of a query with another step, order or filter is refused with the name of each', () => {
  const same = 'must be the next_cursor of an earlier answer to the same query';
  const refusal = (message: string) => [{ path: '/cursor', message: `${same}${message}` }];
  assert.deepEqual(refusalOf(CURSOR, { ...QUERY, step: '1h' }), refusal(', which had another step'));
  assert.deepEqual(
    refusalOf(CURSOR, { step: '1m', order: 'asc', route: 'chat' }),
    refusal(', which had another tenant_id and another order and another route'),
  );
});

test('what is no cursor is refused', () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wrong = [
    [1, 'a'],
    [1, 'a', null],
    [1, 'a', []],
    [1, 'a', { step: 1 }],
    [1, 'a', { 'a b': 'x' }],
    [-1, 'a', {}],
  ];
  for (const text of ['x', ...[...wrong, ['a', 'a', {}], {}, 7].map(encoded)]) {
    assert.ok(refusalOf(text, {}), text);
  }
  assert.deepEqual(decodeCursor(encoded([1, 'a', {}]), KINDS, {}), [1, 'a']);
});
