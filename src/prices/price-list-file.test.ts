import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BUILT_IN_LIST } from './price-list.ts';
import { loadPriceList, readPublishedList } from './price-list-file.ts';

const PROVIDERS = [{ id: 'acme', models: [{ id: 'm', match: { equals: 'm' }, prices: { input_mtok: 3 } }] }];
const NAMED = { version: 'named', date: '2027-02-28' };
const PACKAGE = JSON.stringify({ name: '@pydantic/genai-prices', version: '9.9.9' });
const MODULE = `const data = ${JSON.stringify(PROVIDERS)};`;

/** As `npm pack` writes it. */
function tar(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).map(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 'utf8');
    header.write(Buffer.byteLength(text).toString(8).padStart(11, '0'), 124, 'latin1');
    const content = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    content.write(text);
    return Buffer.concat([header, content]);
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'streamlens-list-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('without a stored list the one of the program is in force, even where the folder is none', () =>
  inFolder(async (folder) => {
    assert.equal(await loadPriceList(join(folder, 'absent.json')), BUILT_IN_LIST);
    await writeFile(join(folder, 'file'), '');
    assert.equal(await loadPriceList(join(folder, 'file', 'list.json')), BUILT_IN_LIST);
  }));

test('a stored list is in force from its own day on, an older one is not', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'list.json');
    const store = (date: string) => writeFile(path, JSON.stringify({ version: 'v', date, providers: PROVIDERS }));
    await store(BUILT_IN_LIST.date);
    assert.equal((await loadPriceList(path)).version, 'v');
    await store('2020-01-01');
    assert.equal(await loadPriceList(path), BUILT_IN_LIST);
  }));

test('a list that is damaged or cannot be read is an error, not the list of the program', () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'list.json'), '{"version":"v","date":"soon","providers":[]}');
    await assert.rejects(loadPriceList(join(folder, 'list.json')), /date must be a day/);
    await assert.rejects(loadPriceList(folder), { code: 'EISDIR' });
  }));

test('a package tells its version itself, and is read past files of any length', () => {
  const fillers = Object.fromEntries([0, 1, 511, 512, 513].map((size) => [`package/${size}`, 'x'.repeat(size)]));
  const list = readPublishedList(
    tar({ ...fillers, 'package/package.json': PACKAGE, 'package/dist/index.js': MODULE }),
    NAMED,
  );
  assert.deepEqual([list.version, list.date], ['9.9.9', NAMED.date]);
  assert.deepEqual(list.providers[0]?.models[0]?.prices, { input_mtok: 3 });
});

test('a package of somebody else is refused', () => {
  const wrong = [
    { 'package/package.json': PACKAGE },
    { 'package/dist/index.js': MODULE },
    { 'package/package.json': '{"name":"genai","version":"1"}', 'package/dist/index.js': MODULE },
    { 'package/package.json': '{"name":"@pydantic/genai-prices"}', 'package/dist/index.js': MODULE },
  ];
  for (const files of wrong) {
    assert.throws(() => readPublishedList(tar(files), NAMED), /no package of genai-prices/);
  }
});

test('a module is named by whoever has it, a list that was stored names itself', () => {
  const { version, date, providers } = readPublishedList(Buffer.from(MODULE), NAMED);
  assert.deepEqual([version, date, providers[0]?.id], ['named', '2027-02-28', 'acme']);
  const stored = JSON.stringify({ version: 'own', date: '2027-01-31', providers: PROVIDERS });
  assert.equal(readPublishedList(Buffer.from(` ${stored}`), NAMED).version, 'own');
});

test('nothing of a module is executed', () => {
  assert.throws(() => readPublishedList(Buffer.from('const data = [process.exit(3)];'), NAMED));
});
