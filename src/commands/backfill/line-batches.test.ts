import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EVENT_BYTES_MAX } from '../../events/fields.ts';
import { type LineBatch, lineBatches, START } from './line-batches.ts';

async function batchesOf(chunks: readonly Uint8Array[], from = START, firstLinesMax?: number): Promise<LineBatch[]> {
  const batches: LineBatch[] = [];
  const input = (async function* () {
    yield* chunks;
  })();
  for await (const batch of lineBatches(input, from, firstLinesMax)) batches.push(batch);
  return batches;
}

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `{"line":${i + 1}}\n`).join('');

test('lines are the same however the input is cut into chunks', async () => {
  const text = Buffer.from('{"a":1}\n\n{"ü":2}\r\n  \n{"c":3}');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 10 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      const chunks = at.slice(1).map((end, i) => text.subarray(at[i], end));
      const [batch, ...more] = await batchesOf(chunks);
      assert.equal(more.length, 0);
      assert.equal(batch?.body.toString(), '{"a":1}\n{"ü":2}\r\n{"c":3}\n');
      assert.deepEqual(batch?.lineNumbers, [1, 3, 5]);
      assert.deepEqual(batch?.end, { bytes: text.length, lines: 5 });
    }),
  );
});

test('a batch ends at ten thousand lines, and the next one begins behind it', async () => {
  const text = Buffer.from(lines(25_000));
  const batches = await batchesOf([text]);
  assert.deepEqual(
    batches.map((batch) => batch.end.lines),
    [10_000, 20_000, 25_000],
  );
  assert.equal(batches.at(-1)?.end.bytes, text.length);
});

test('a run that begins behind a batch cuts the same batches as the run before', async () => {
  const text = Buffer.from(lines(35_000));
  const [first, ...rest] = await batchesOf([text]);
  assert.ok(first !== undefined);
  assert.deepEqual(await batchesOf([text.subarray(first.end.bytes)], first.end), rest);
});

test('the first batch can be ended earlier', async () => {
  const batches = await batchesOf([Buffer.from(lines(5))], START, 2);
  assert.deepEqual(
    batches.map((batch) => batch.lineNumbers),
    [
      [1, 2],
      [3, 4, 5],
    ],
  );
});

test('a line longer than an event may be is not sent, and the lines around it are', async () => {
  const long = Buffer.alloc(EVENT_BYTES_MAX + 2, 'x');
  const [batch] = await batchesOf([Buffer.from('{}\n'), long, long, Buffer.from('\n{}\n')]);
  assert.deepEqual(batch?.lineNumbers, [1, 3]);
  assert.equal(batch?.badLines[0]?.line, 2);
  assert.match(batch?.badLines[0]?.why ?? '', /takes 131076 bytes/);
});

test('a line that is not UTF-8 does not cost its neighbours', async () => {
  const [batch] = await batchesOf([Buffer.from('{}\n'), Buffer.of(0xff, 0x0a), Buffer.from('{}')]);
  assert.deepEqual([batch?.lineNumbers, batch?.badLines], [[1, 3], [{ line: 2, why: 'is not UTF-8' }]]);
});
