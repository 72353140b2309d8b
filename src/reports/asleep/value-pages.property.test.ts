import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ValuePages } from './value-pages.ts';
import { Reference } from './value-writer.ts';

/** What reports are made of: ids, names that come again and again, counts, times, texts of any kind. */
const anyText = fc.oneof(
  fc.constantFrom('', 'gpt-4o', 'openai', '__proto__', 'b7'.repeat(16), 'b7'.repeat(8), 'AB'.repeat(8), 'é', '名'),
  fc.string({ unit: 'binary' }),
  // Ids, which begin with what they are.
  fc
    .constantFrom('user-', 'msg_', '_', 'a-b_', 'é-')
    .chain((beginning) =>
      fc
        .oneof(fc.nat().map(String), fc.constantFrom('', '0', '01', '1e3', '9'.repeat(15), '9'.repeat(16), '名', 'zß'))
        .map((rest) => `${beginning}${rest}`),
    ),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 32, maxLength: 32 }),
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    anyText,
    fc.constantFrom(null, true, false, -1, 0.1, 237, 238, 239, 240, 2 ** 35 - 1, 2 ** 53 - 1, 2 ** 60, 1.5e12 + 0.25),
    // Times, near to each other and not.
    fc.integer({ min: -(2 ** 29), max: 2 ** 29 }).map((distance) => 1_795_486_623_000 + distance),
    fc.nat(),
    fc.double({ noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 5 }).map((object) => JSON.parse(JSON.stringify(object)) as object),
  ),
})).value;

test('what was put into pages comes out as it was, in the order of its members, until it is let go of', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 30 }), fc.infiniteStream(fc.boolean()), (values, isFreed) => {
      const pages = new ValuePages();
      // As JSON, for a member that is named `__proto__` and the order of members.
      const kept = values.map((value) => ({ place: pages.put(value), json: JSON.stringify(value) }));
      for (const { place, json } of kept) {
        assert.equal(JSON.stringify(pages.get(place)), json);
        if (isFreed.next().value === true) pages.free(place);
      }
    }),
    { numRuns: 500 },
  );
});

test('values fill page after page, and one that is larger than a page has one of its own', () => {
  const pages = new ValuePages();
  const values = Array.from({ length: 3000 }, (_, i) => ({ id: i, text: `${i} `.repeat(i % 100) }));
  const large = { text: 'x'.repeat(300_000) };
  const places = [...values, large, ...values].map((value) => pages.put(value));
  for (const [i, value] of [...values, large, ...values].entries()) {
    assert.deepEqual(pages.get(places[i] as number), value);
  }
  for (const place of places) pages.free(place);
  const again = pages.put(large);
  assert.deepEqual(pages.get(again), large);
});

test('the number that a list begins with is told without the rest', () => {
  const pages = new ValuePages();
  const numbers = fc.array(fc.oneof(fc.nat(), fc.constantFrom(-1, 0.5, 239, 240, 1_795_486_623_000)), { minLength: 1 });
  fc.assert(
    fc.property(numbers, anyValue, (begin, rest) => {
      assert.equal(pages.firstNumberAt(pages.put([...begin, rest])), begin[0]);
    }),
  );
});

test('a member that is undefined is absent, and what is referred to is the object itself', () => {
  const pages = new ValuePages();
  const series = { model: 'm' };
  const place = pages.put([{ a: 1, b: undefined, c: null }, new Reference(series)]);
  const [object, reference] = pages.get(place) as unknown[];
  assert.deepEqual(object, { a: 1, c: null });
  assert.equal(reference, series);
});
