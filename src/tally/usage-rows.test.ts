import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USAGE_SUMS } from './usage.ts';
import { UsageRows } from './usage-rows.ts';

test('a row of usage has its sums apart from those of others, its billed model and the next of its window', () => {
  const rows = new UsageRows({ rowsPerPage: 2, pagesKeptMax: 2 });
  const added = [rows.add(7, -1), rows.add(8, 0), rows.add(9, 1)];
  for (const row of added) {
    for (const [index, field] of USAGE_SUMS.entries()) rows.at(row)[field] += row * 100 + index;
  }
  for (const row of added) {
    const sums = USAGE_SUMS.map((field) => rows.at(row)[field]);
    assert.deepEqual(
      sums,
      USAGE_SUMS.map((_, index) => row * 100 + index),
    );
    assert.deepEqual([rows.billedOf(row), rows.nextOf(row)], [7 + row, row - 1]);
  }
  rows.clear();
  assert.deepEqual([rows.at(rows.add(1, -1)).calls, rows.billedOf(0)], [0, 1]);
});
