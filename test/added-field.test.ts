import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

test('a row in the table of requests is all that a kept field needs: schema, readers, columns, filter, answer', async () => {
  const hook = new URL('added-field-hook.ts', import.meta.url).href;
  await run(process.execPath, ['--import', hook, here('added-field.ts')], { timeout: 60_000 });
});

test('without that row the same checks fail', async () => {
  await assert.rejects(run(process.execPath, [here('added-field.ts')], { timeout: 60_000 }), /schema/);
});
