import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { watchPriceFile } from './price-file-watch.ts';

const NEVER_MS = 1_000_000;

/** A watch of a new price file that only looks when it is told to, and what it said. */
async function aWatch(t: TestContext, { pollMs = NEVER_MS }: { pollMs?: number } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'prices-'));
  const path = join(directory, 'prices.yaml');
  await writeFile(path, priceFile(1));
  const said: string[] = [];
  const watch = watchPriceFile({
    path,
    pollMs,
    onPrices: ([price]) => said.push(`input ${price?.bands[0].rates.input}`),
    onError: ({ message }) => said.push(message.replace(path, 'FILE').replace(/ENOENT.*/, 'ENOENT')),
  });
  t.after(async () => {
    watch.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return { path, said, watch };
}

function priceFile(usd: number): string {
  return `prices:\n  - model: m\n    input_usd_per_million: ${usd}\n    output_usd_per_million: 0\n`;
}

test('the first look reads the file, and a look at an unchanged file says nothing', async (t) => {
  const { said, watch } = await aWatch(t);
  await watch.check();
  await watch.check();
  assert.deepEqual(said, ['input 1000000']);
});

test('a changed file gives its new prices', async (t) => {
  const { path, said, watch } = await aWatch(t);
  await watch.check();
  await writeFile(path, priceFile(25));
  await watch.check();
  assert.deepEqual(said, ['input 1000000', 'input 25000000']);
});

test('a file that is replaced by a rename gives its new prices', async (t) => {
  const { path, said, watch } = await aWatch(t);
  await watch.check();
  await writeFile(`${path}.new`, priceFile(2));
  await rename(`${path}.new`, path);
  await watch.check();
  assert.deepEqual(said, ['input 1000000', 'input 2000000']);
});

test('an invalid file is told once and gives no prices, until it is mended', async (t) => {
  const { path, said, watch } = await aWatch(t);
  await watch.check();
  await writeFile(path, 'prices: broken');
  await watch.check();
  await watch.check();
  await writeFile(path, priceFile(3));
  await watch.check();
  assert.deepEqual(said, [
    'input 1000000',
    'FILE line 1: prices must be a list of at most 10,000 prices, got "broken"',
    'input 3000000',
  ]);
});

test('a file that disappears is told once, and read again when it is back', async (t) => {
  const { path, said, watch } = await aWatch(t);
  await watch.check();
  await rm(path);
  await watch.check();
  await watch.check();
  await writeFile(path, priceFile(4));
  await watch.check();
  assert.deepEqual(said, ['input 1000000', 'FILE: cannot be read: ENOENT', 'input 4000000']);
});

test('a change is seen without being asked, and nothing is said after stopping', async (t) => {
  const { path, said, watch } = await aWatch(t, { pollMs: 5 });
  for (let i = 0; i < 400 && said.length === 0; i++) await setTimeout(5);
  assert.deepEqual(said, ['input 1000000']);
  watch.stop();
  await writeFile(path, priceFile(5));
  await watch.check();
  assert.deepEqual(said, ['input 1000000']);
});
