import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadBudget } from './read-budget.ts';

test('a question may hold as many groups as it is told, or a hundred thousand', () => {
  const few = new ReadBudget(Number.POSITIVE_INFINITY, 2_000);
  few.countGroups(1_999);
  assert.throws(() => few.countGroups(2_000), /more than 2,000 groups at a time/);
  const usual = new ReadBudget(1);
  usual.countGroups(99_999);
  assert.throws(() => usual.countGroups(100_000), /more than 100,000 groups/);
});
