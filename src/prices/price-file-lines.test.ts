import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineCounter, parseDocument } from 'yaml';
import { LinesOfDocument } from './price-file-lines.ts';

function linesOf(text: string): LinesOfDocument {
  const lineCounter = new LineCounter();
  return new LinesOfDocument(parseDocument(text, { lineCounter }), lineCounter);
}

const FILE = linesOf(`# ours
prices:
  - model: m
    tiers:
      - above_prompt_tokens: 5

  -
    model:
      n
    7: x
`);

test('a field stands where its name does, though its value may begin later', () => {
  assert.equal(FILE.lineOf(['prices']), 2);
  assert.equal(FILE.lineOf(['prices', 0, 'tiers', 0, 'above_prompt_tokens']), 5);
  assert.equal(FILE.lineOf(['prices', 1, 'model']), 8);
});

test('an item of a list stands where its first field does', () => {
  assert.equal(FILE.lineOf(['prices', 0]), 3);
  assert.equal(FILE.lineOf(['prices', 1]), 8);
});

test('a name that YAML reads as a number is found by its text', () => {
  assert.equal(FILE.lineOf(['prices', 1, '7']), 10);
});

test('of what is missing the innermost thing around it is told', () => {
  assert.equal(FILE.lineOf(['prices', 0, 'tiers', 0, 'output_usd_per_million']), 5);
  assert.equal(FILE.lineOf(['prices', 9, 'model']), 2);
  assert.equal(FILE.lineOf(['rates']), 2);
});

test('an empty document begins on line 1', () => {
  assert.equal(linesOf('').lineOf(['prices', 0, 'model']), 1);
});

test('JSON has lines as well', () => {
  assert.equal(linesOf('{\n "prices": [\n  {\n   "model": 1\n  }\n ]\n}').lineOf(['prices', 0, 'model']), 4);
});
