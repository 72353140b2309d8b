import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reprCounts } from './python-repr.ts';

function read(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(reprCounts(text));
}

test('whole numbers of a dict are read by their dotted path, in either kind of quotes', () => {
  const text = `{'prompt_tokens': 1200, "details": {'cached_tokens': 1024, 'audio_tokens': None}, 'total': 1242}`;
  assert.deepEqual(read(text), { prompt_tokens: 1200, 'details.cached_tokens': 1024, total: 1242 });
});

test('the repr of an object is read like a dict', () => {
  const text =
    "Usage(prompt_tokens=1200, prompt_tokens_details=Details(audio_tokens=None, cached_tokens=1024), tier='x')";
  assert.deepEqual(read(text), { prompt_tokens: 1200, 'prompt_tokens_details.cached_tokens': 1024 });
});

test('what is no whole number is no count', () => {
  assert.deepEqual(
    read("{'a': 1.5, 'b': -1, 'c': True, 'd': None, 'e': '7', 'f': 1e3, 'g': 12345678901234567890}"),
    {},
  );
});

test('text within a value is never read as an entry', () => {
  assert.deepEqual(read(`{'a': "{'cached_tokens': 5}", 'b': 'it\\'s {"cached_tokens": 6}', 'c': 1}`), { c: 1 });
});

test('what lies in a list is passed over', () => {
  assert.deepEqual(read("{'tiers': [{'cached_tokens': 5}, 6], 'a': 1}"), { a: 1 });
});

test('a number at the place where the text was cut off is not read: it may be a part of one', () => {
  assert.deepEqual(read("{'a': 1, 'b': {'cached_tokens': 10"), { a: 1 });
});

test('a text that is no repr, too long or too deep gives what was complete before', () => {
  assert.deepEqual(read(''), {});
  assert.deepEqual(read('none of it'), {});
  assert.deepEqual(read("{'a': 1, 'b': §}"), { a: 1 });
  assert.deepEqual(read(`{'a': 1, 'text': '${'x'.repeat(20_000)}'}`), {});
  assert.deepEqual(read(`{'a': 1, ${"'b': {".repeat(20)}'c': 2`), { a: 1 });
});

test('no text makes it throw, and every count is a safe whole number', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', '(', ')', ',', ':', '=', "'a'", '"b', "'", '\\', '12', 'None', ' ');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (pieces) => {
      for (const count of reprCounts(pieces.join('')).values()) assert.ok(Number.isSafeInteger(count) && count >= 0);
    }),
  );
});
