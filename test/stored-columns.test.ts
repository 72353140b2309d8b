import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { storedColumns } from '../scripts/stored-columns.ts';

test('the columns that may be written are those of both schemas (node scripts/write-stored-columns.ts reads them)', () => {
  const path = new URL('../src/metrics-store/stored-columns.ts', import.meta.url);
  assert.equal(readFileSync(path, 'utf8'), storedColumns());
});
