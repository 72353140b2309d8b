import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipWithoutTools, tool } from './deploy-tools.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/terraform', import.meta.url));

test('the Terraform example is valid HCL, and formatted', { skip: skipWithoutTools() }, () => {
  const files = readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`);
  assert.ok(files.length >= 2);
  for (const file of files) {
    const { status, stderr } = spawnSync(tool('hclfmt'), ['-check', '-require-no-change', file], { encoding: 'utf8' });
    assert.equal(status, 0, stderr || `${file} is not formatted`);
  }
});
