import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJsonArray, JsonArrayItems } from './json-array-items.ts';

/** The items as texts; null where there is no such array. */
function itemsOf(text: string): string[] | null {
  const bytes = Buffer.from(text);
  if (!isJsonArray(bytes)) return null;
  const items = new JsonArrayItems(bytes);
  const found: string[] = [];
  for (;;) {
    const next = items.next();
    if (next === 'end') return found;
    if (next === 'broken') return null;
    found.push(bytes.toString('utf8', items.start, items.end));
  }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test('the items of any array are those that JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.array(fc.json()), fc.constantFrom('', ' ', '\n\t'), (texts, blank) => {
      const text = `${blank}[${blank}${texts.join(`${blank},${blank}`)}${blank}]${blank}`;
      const items = itemsOf(text);
      assert.deepEqual(items?.map(valueOf), JSON.parse(text));
    }),
  );
});

test('bytes whose items are all JSON are an array to JSON.parse as well', () => {
  const pieces = fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', ' ', '1', 'null', '"a"', ':', '{}', 'x', '\n');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = `[${parts.join('')}`;
      const values = itemsOf(text)?.map(valueOf);
      const isSplit = values !== undefined && values.every((value) => value !== undefined);
      assert.deepEqual(isSplit ? values : undefined, valueOf(text));
    }),
    { numRuns: 5000 },
  );
});

test('what begins otherwise is no array', () => {
  for (const text of ['', ' ', '{}', '"[]"', 'null']) assert.equal(itemsOf(text), null);
});
