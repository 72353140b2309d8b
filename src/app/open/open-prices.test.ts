import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openPrices } from './open-prices.ts';

const AT = { provider: 'acme', model: 'house', atMs: 0, promptTokens: 1, serviceTier: '' as const };

function fileFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-prices-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'prices.yaml');
}

/** No list was stored there. */
const settingsFor = (pricesFile: string) => ({ pricesFile, priceListFile: undefined, dataDir: `${pricesFile}.data` });

function priceFile(usd: number): string {
  return `prices:\n  - model: house\n    input_usd_per_million: ${usd}\n    output_usd_per_million: 0\n`;
}

test('a price file that is missing or wrong at the start is a wrong setting, in one line', async (t) => {
  const path = fileFor(t);
  const refused = { name: 'SettingError', message: /^PRICES_FILE must be a price file .*; got [^\n]*$/ };
  await assert.rejects(openPrices(settingsFor(path)), refused);
  for (const text of ['prices: [', 'prices:\n  - model: 5\n    x: 1\n', 'cents: 4\n', '']) {
    writeFileSync(path, text);
    await assert.rejects(openPrices(settingsFor(path)), refused, text);
  }
});

test('what is no file is refused at once, a FIFO that nobody writes to included', async (t) => {
  const path = fileFor(t);
  execFileSync('mkfifo', [path]);
  await assert.rejects(openPrices(settingsFor(path)), /PRICES_FILE .* is no regular file/);
  await assert.rejects(openPrices(settingsFor(tmpdir())), /PRICES_FILE .* is no regular file/);
});

test('a file that breaks, goes or becomes a FIFO later changes nothing, and one that is mended counts', async (t) => {
  const path = fileFor(t);
  writeFileSync(path, priceFile(1));
  const prices = await openPrices(settingsFor(path));
  const rate = async () => (await prices()).priceOf(AT)?.rates.input;
  assert.equal(await rate(), 1_000_000);
  writeFileSync(path, 'prices: [');
  assert.equal(await rate(), 1_000_000);
  unlinkSync(path);
  assert.equal(await rate(), 1_000_000);
  execFileSync('mkfifo', [path]);
  assert.equal(await rate(), 1_000_000);
  unlinkSync(path);
  writeFileSync(path, priceFile(3));
  assert.equal(await rate(), 3_000_000);
});

test('a file that breaks before it is asked for the first time changes nothing', async (t) => {
  const path = fileFor(t);
  writeFileSync(path, priceFile(1));
  const prices = await openPrices(settingsFor(path));
  writeFileSync(path, 'prices: [');
  assert.equal((await prices()).priceOf(AT)?.rates.input, 1_000_000);
});
