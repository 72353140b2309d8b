import assert from 'node:assert/strict';
import { test } from 'node:test';
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
