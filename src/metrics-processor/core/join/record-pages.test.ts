import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordPages } from './record-pages.ts';

test('integers and doubles of a record lie beside each other, on every page', () => {
  const pages = new RecordPages(4);
  pages.addPage();
  pages.addPage();
  const records = [0, 1, 1023, 1024, 2047];
  for (const record of records) {
    pages.setInt(record, 0, record);
    pages.setInt(record, 1, ~record);
    pages.setDouble(record, 1, record + 0.5);
  }
  assert.equal(pages.capacity, 2048);
  for (const record of records) {
    assert.deepEqual(
      [pages.int(record, 0), pages.int(record, 1), pages.double(record, 1)],
      [record, ~record, record + 0.5],
    );
  }
});

const INSTANT_MAX_MS = 2 ** 48 - 2;
const COLUMNS = [
  { low: 0, high: 2, shift: 0 },
  { low: 1, high: 2, shift: 16 },
] as const;

test('instants that share an integer come back, each as it was written last', () => {
  const instant = fc.oneof(fc.integer({ min: 0, max: INSTANT_MAX_MS }), fc.constant(Number.NEGATIVE_INFINITY));
  const writes = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 1 }), instant));
  fc.assert(
    fc.property(writes, (all) => {
      const pages = new RecordPages(4);
      pages.addPage();
      const model = new Map<string, number>();
      for (const [record, column, ms] of all) {
        pages.setInstantMs(record, COLUMNS[column] as (typeof COLUMNS)[number], ms);
        model.set(`${record} ${column}`, ms);
      }
      for (const record of [0, 1, 2]) {
        for (const [column, at] of COLUMNS.entries()) {
          assert.equal(pages.instantMs(record, at), model.get(`${record} ${column}`) ?? Number.NEGATIVE_INFINITY);
        }
      }
    }),
  );
});

test('an instant beyond the bounds is held there', () => {
  const pages = new RecordPages(4);
  pages.addPage();
  const held = [-1, INSTANT_MAX_MS + 1, Number.POSITIVE_INFINITY].map((ms) => {
    pages.setInstantMs(0, COLUMNS[0], ms);
    return pages.instantMs(0, COLUMNS[0]);
  });
  assert.deepEqual(held, [0, INSTANT_MAX_MS, INSTANT_MAX_MS]);
});
