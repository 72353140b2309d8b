import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { columnsOf } from '../src/metrics-api/export/datasets.ts';
import { DATASET_NAMES } from '../src/metrics-api/export/export-query.ts';

const text = readFileSync(new URL('../docs/export.md', import.meta.url), 'utf8');

for (const dataset of DATASET_NAMES) {
  test(`docs/export.md has every column of ${dataset} as it is exported, in its order`, () => {
    const [, section = ''] = text.split(`### ${dataset}\n`);
    const documented = section.split('###')[0]?.matchAll(/^\| `(\w+)` \| \w+ \| (.+) \|$/gm) ?? [];
    assert.deepEqual(
      Array.from(documented, ([, name, about]) => [name, about]),
      columnsOf(dataset).map(({ name, about }) => [name, about]),
    );
  });
}
