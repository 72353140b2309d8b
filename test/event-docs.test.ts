import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { EventTable } from '../src/events/event-table.ts';
import { EVALUATION_FIELDS } from '../src/events/llm-evaluation.ts';
import { REQUEST_FIELDS } from '../src/events/llm-request.ts';
import { RESPONSE_FIELDS } from '../src/events/llm-response.ts';

const API = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');

const SECTIONS: Readonly<Record<string, EventTable>> = {
  'A request': REQUEST_FIELDS,
  'A response': RESPONSE_FIELDS,
  'An evaluation': EVALUATION_FIELDS,
};

for (const [heading, table] of Object.entries(SECTIONS)) {
  test(`docs/api.md tells of every field of "${heading}", and its table of no other`, () => {
    const text = sectionOf(API, heading);
    const rows = fieldsOfTable(text);
    assert.deepEqual(
      Object.keys(table).filter((name) => !rows.includes(name)),
      [],
      'fields without a row',
    );
    assert.deepEqual(
      rows.filter((name) => !(name in table)),
      [],
      'rows without a field',
    );
  });
}

test('the check sees a field that has no row, and a row that is no field', () => {
  const section = sectionOf('### A\n\n| field | |\n|---|---|\n| `a`, `b` | both, as `c` |\n\n### B\n', 'A');
  assert.deepEqual(fieldsOfTable(section), ['a', 'b']);
});

function sectionOf(markdown: string, heading: string): string {
  const [, after = ''] = markdown.split(`### ${heading}\n`);
  return after.split('\n### ')[0] ?? '';
}

/** The names in the first column. */
function fieldsOfTable(section: string): readonly string[] {
  return [...section.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z0-9_]+)`/g)].map(([, name = '']) => name),
  );
}
