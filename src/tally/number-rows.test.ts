import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberRows } from './number-rows.ts';
import { type RowCursor, RowMoney } from './row-cursor.ts';
import { Tally } from './tally.ts';

test('rows lie on pages and begin with zeros, also where others were before', () => {
  const rows = new NumberRows(3, { rowsPerPage: 2, pagesKeptMax: 1 });
  for (let round = 1; round <= 3; round++) {
    for (let row = 0; row < 5; row++) {
      assert.equal(rows.add(), row);
      const [page, start] = [rows.pageOf(row), rows.startOf(row)];
      assert.deepEqual(page.subarray(start, start + 3), new Float64Array(3));
      page.fill(row + round, start, start + 3);
    }
    assert.deepEqual([rows.length, rows.pageOf(3)[3]], [5, 3 + round]);
    rows.clear();
    assert.equal(rows.length, 0);
  }
});

test('pages that were not needed the last time are given back, and no more are kept than may be', () => {
  const rows = new NumberRows(1, { rowsPerPage: 1, pagesKeptMax: 2 });
  const pagesOf = (count: number): Float64Array[] => {
    const pages = Array.from({ length: count }, () => rows.pageOf(rows.add()));
    rows.clear();
    return pages;
  };
  const first = pagesOf(3);
  const second = pagesOf(3);
  assert.deepEqual(
    first.map((page, index) => page === second[index]),
    [true, true, false],
  );
  pagesOf(1);
  const [kept, anew] = pagesOf(2);
  assert.deepEqual([kept === first[0], anew === first[1]], [true, false]);
});

test('money in a row is its multiple of 2^32 and what is left, of any size and sign', () => {
  const cursor: RowCursor = { page: new Float64Array(4), at: 1 };
  const money = new RowMoney(cursor, 1);
  const { costPicoUsd } = new Tally();
  costPicoUsd.addBig(3n * 2n ** 70n + 5n);
  money.add(costPicoUsd);
  assert.deepEqual([...cursor.page], [0, 0, 3 * 2 ** 38, 5]);
  const small = new Tally().costPicoUsd;
  small.addNumber(2 ** 33 + 1);
  for (let i = 0; i < 2; i++) money.subtract(small);
  assert.deepEqual([...cursor.page], [0, 0, 3 * 2 ** 38 - 4, 3]);
});
