import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonFields, jsonObject } from './json-fields.ts';

test('fields of several objects are read back as one object', () => {
  const named = (prefix: string) =>
    fc.dictionary(
      fc.string().map((name) => `${prefix}${name}`),
      fc.jsonValue(),
      { noNullPrototype: true },
    );
  fc.assert(
    fc.property(named('a'), named('b'), (a, b) => {
      const expected: unknown = JSON.parse(JSON.stringify({ ...a, ...b }));
      assert.deepEqual(JSON.parse(jsonObject(jsonFields(a), jsonFields(b))), expected);
    }),
  );
});
