import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInScope, isWithin, scopeInWords } from './tenant-scope.ts';

test('all tenants are in the scope of all, and of others those that it names', () => {
  assert.deepEqual([isInScope(null, 'a'), isInScope(['a', 'b'], 'b'), isInScope(['a'], 'b')], [true, true, false]);
});

test('a scope is within another where that sees all that it sees', () => {
  assert.ok(isWithin(null, null) && isWithin(['a'], null) && isWithin(['a'], ['a', 'b']));
  assert.ok(!isWithin(null, ['a']) && !isWithin(['a', 'c'], ['a', 'b']));
});

test('a scope is told in words, of many the first', () => {
  assert.equal(scopeInWords(null), 'every tenant');
  assert.equal(scopeInWords(['a']), 'the tenant "a"');
  assert.equal(scopeInWords(['a', 'b', 'c', 'd', 'e', 'f']), 'the tenants "a", "b", "c", "d", "e" and 1 more');
});
