import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalText } from './decimal-text.ts';
import { encoded } from './encoder.ts';
import type { ExportColumn, ExportRow } from './export-column.ts';
import { type ExportFormat, openEncoder } from './export-format.ts';

const COLUMNS: readonly ExportColumn[] = [
  { name: 'name', kind: 'text', about: '' },
  { name: 'count', kind: 'integer', about: '' },
  { name: 'cost', kind: 'decimal', about: '' },
  { name: 'at', kind: 'instant', about: '' },
  { name: 'start', kind: 'second', about: '' },
  { name: 'tags', kind: 'json', about: '' },
];
const AT_MS = Date.UTC(2025, 10, 19, 10, 0, 0, 5);
const ROWS: readonly ExportRow[] = [
  ['a "b", c\nd', 3, 12_345_678_901_234_567_890n, AT_MS, AT_MS - 5, '{"id":12345678901234567890}'],
  [null, null, null, null, null, null],
  ['', 0, -1n, 0, 0, '{}'],
];

async function textOf(format: ExportFormat, rows: readonly ExportRow[]): Promise<string> {
  const encoder = await openEncoder(format, COLUMNS, {});
  const pieces: Uint8Array[] = [];
  for await (const piece of encoded(encoder, pagesOf(rows))) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function* pagesOf(rows: readonly ExportRow[]): AsyncGenerator<readonly ExportRow[]> {
  for (const row of rows) yield [row];
}

test('a decimal has all of its digits and no others', () => {
  const texts = [0n, 1n, -1n, 10n ** 12n, 1_500_000_000_000n, 2n ** 70n].map(decimalText);
  assert.deepEqual(texts, ['0', '0.000000000001', '-0.000000000001', '1', '1.5', '1180591620.717411303424']);
});

test('CSV quotes what needs it, and tells an empty text from none', async () => {
  assert.equal(
    await textOf('csv', ROWS),
    'name,count,cost,at,start,tags\n' +
      '"a ""b"", c\nd",3,12345678.90123456789,2025-11-19T10:00:00.005Z,2025-11-19T10:00:00Z,"{""id"":12345678901234567890}"\n' +
      ',,,,,\n' +
      '"",0,-0.000000000001,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00Z,{}\n',
  );
});

test('CSV has no formula that a sender wrote, and names of models stay as they are', async () => {
  const names = ['=1+1', ' =HYPERLINK("x")', '+cmd|calc', '@SUM(A1)', '-SUM(A1)', '@cf/meta/llama-3', '-', '+1'];
  const text = await textOf(
    'csv',
    names.map((name) => [name, 0, 0n, 0, 0, '{}']),
  );
  const inert = text.split('\n').filter((line) => /^"?'/.test(line));
  assert.equal(inert.length, 5);
  assert.match(text, /\n@cf\/meta\/llama-3,/);
});

test('NDJSON has decimals as strings, and JSON as it is', async () => {
  assert.equal(
    await textOf('ndjson', ROWS.slice(0, 2)),
    '{"name":"a \\"b\\", c\\nd","count":3,"cost":"12345678.90123456789","at":"2025-11-19T10:00:00.005Z",' +
      '"start":"2025-11-19T10:00:00Z","tags":{"id":12345678901234567890}}\n' +
      '{"name":null,"count":null,"cost":null,"at":null,"start":null,"tags":null}\n',
  );
});

test('Parquet gives out each row group when it is full, and keeps none of it', async () => {
  const encoder = await openEncoder('parquet', COLUMNS, {});
  const row: ExportRow = ['x', 1, 5n, AT_MS, AT_MS, '{}'];
  assert.equal(Buffer.from(encoder.begin()).toString(), 'PAR1');
  const sizes = Array.from({ length: 50 }, () => encoder.add(Array.from({ length: 1000 }, () => row)).length);
  assert.equal(sizes.filter((size) => size > 0).length, 5, 'a group of 10,000 rows with each tenth page');
  const large: ExportRow = ['x', 1, 5n, AT_MS, AT_MS, JSON.stringify({ text: 'y'.repeat(16_000) })];
  const texts = Array.from({ length: 21 }, () => encoder.add(Array.from({ length: 100 }, () => large)).length);
  assert.equal(texts.filter((size) => size > 0).length, 2, 'a group of 16 million characters, whatever its rows');
  assert.equal(Buffer.from(encoder.end()).subarray(-4).toString(), 'PAR1');
});

test('a file without rows is one all the same', async () => {
  assert.equal(await textOf('csv', []), 'name,count,cost,at,start,tags\n');
  assert.equal(await textOf('ndjson', []), '');
  assert.match(await textOf('parquet', []), /^PAR1[^]*PAR1$/);
});

test('the next page is asked for when the bytes of the one before were taken', async () => {
  let asked = 0;
  const pages = async function* (): AsyncGenerator<readonly ExportRow[]> {
    for (; asked < 5; ) {
      asked++;
      yield [ROWS[0] ?? []];
    }
  };
  const pieces = encoded(await openEncoder('ndjson', COLUMNS, {}), pages());
  await pieces.next();
  assert.equal(asked, 1);
  await pieces.next();
  assert.equal(asked, 2);
});
