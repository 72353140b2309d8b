import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { DirectoryWatch } from './directory-watch.ts';

async function watched(t: TestContext) {
  const parent = mkdtempSync(join(tmpdir(), 'streamlens-watch-'));
  const directory = join(parent, 'data');
  const file = join(directory, 'events.sqlite');
  mkdirSync(directory);
  writeFileSync(file, '');
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) });
  const watch = new DirectoryWatch([directory, file], logger);
  t.after(() => {
    watch.stop();
    rmSync(parent, { recursive: true });
  });
  await watch.start();
  return { directory, file, parent, lines, watch };
}

test('a data directory that stays is ready', async (t) => {
  const { watch, file } = await watched(t);
  writeFileSync(file, 'more');
  await watch.dependency.check();
});

test('a deleted directory, a deleted file and a directory that was made again are noticed', async (t) => {
  for (const damage of [
    ({ directory }: { directory: string }) => rmSync(directory, { recursive: true }),
    ({ file }: { file: string }) => rmSync(file),
    ({ directory, file, parent }: { directory: string; file: string; parent: string }) => {
      renameSync(directory, join(parent, 'old'));
      mkdirSync(directory);
      writeFileSync(file, '');
    },
  ]) {
    const watch = await watched(t);
    damage(watch);
    await assert.rejects(watch.watch.dependency.check(), /was deleted or replaced while StreamLens runs/);
  }
});

test('it is told once, and again when it is right', async (t) => {
  const { directory, parent, lines, watch } = await watched(t);
  renameSync(directory, join(parent, 'moved'));
  await watch.look();
  await watch.look();
  renameSync(join(parent, 'moved'), directory);
  await watch.look();
  await watch.look();
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', /right again/);
});
