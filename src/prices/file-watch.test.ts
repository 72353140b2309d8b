import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { watchFile } from './file-watch.ts';

const NEVER_MS = 1_000_000;

test('a file that changes is loaded by whoever knows its kind, and one that is gone is told once', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'watched-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'file');
  await writeFile(path, 'one');
  const said: string[] = [];
  const watch = watchFile({
    path,
    load: (from) => readFile(from, 'utf8'),
    onChange: (text) => said.push(text),
    onError: (error) => said.push((error as NodeJS.ErrnoException).code ?? ''),
    pollMs: NEVER_MS,
  });
  await watch.check();
  await watch.check();
  await writeFile(path, 'another');
  await watch.check();
  await rm(path);
  await watch.check();
  await watch.check();
  watch.stop();
  await writeFile(path, 'late');
  await watch.check();
  assert.deepEqual(said, ['one', 'another', 'ENOENT']);
});
