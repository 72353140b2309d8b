import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { waitForUpdate } from '@pydantic/genai-prices';
import * as fc from 'fast-check';
import { readPlainArray } from './plain-literal.ts';

test("the library's own module gives, read as data, what the library says when it runs", async () => {
  const source = readFileSync(new URL(import.meta.resolve('@pydantic/genai-prices')), 'utf8');
  assert.deepEqual(readPlainArray(source), await waitForUpdate());
});

test('whatever JSON can say is read as JSON reads it', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (values) => {
      const text = JSON.stringify(values);
      assert.deepEqual(readPlainArray(text), JSON.parse(text));
    }),
  );
});

test('what would have to be executed is refused', () => {
  const codes = [
    '[f()]',
    '[x]',
    '[`${x}`]',
    '[() => 1]',
    '[...x]',
    '[1 + 1]',
    '[{ get a() { return 1 } }]',
    '[new X()]',
  ];
  for (const code of [...codes, '[/x/]', '[1', '[{a:1]', '{}', '', 'f([1])', '[['.repeat(50)]) {
    assert.throws(() => readPlainArray(code), SyntaxError, code);
  }
});

test('a name that objects inherit is a name like others', () => {
  assert.deepEqual(Object.keys(readPlainArray('[{ "__proto__": 1, constructor: 2 }]')[0] ?? {}), [
    '__proto__',
    'constructor',
  ]);
});
