import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NONE, OVERFLOW } from '../../../tally/series.ts';
import { NO_VALUE_NUMBER, OVERFLOW_NUMBER, ValueTexts } from './value-texts.ts';

const numberOf = (texts: ValueTexts, text: string): number => {
  const bytes = Buffer.from(`"${text}"`);
  return bytes.length === text.length + 2 ? texts.ofBytes(bytes, 1, bytes.length - 1) : texts.of(text);
};

test('a text has one number, whether it is read from bytes or given', () => {
  const texts = new ValueTexts();
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      const number = numberOf(texts, text);
      assert.equal(texts.of(text), number);
      assert.equal(texts.textOf(number), text);
      assert.equal(texts.charactersOf(number), text.length);
    }),
  );
});

test('the values of calls that have none, and of what is no name, have their numbers always', () => {
  const texts = new ValueTexts(1);
  texts.of('a');
  texts.makeRoom();
  assert.deepEqual([texts.of(NONE), texts.of(OVERFLOW)], [NO_VALUE_NUMBER, OVERFLOW_NUMBER]);
  assert.equal(texts.size, 2);
});

const step = fc.record({
  what: fc.constantFrom('name', 'hold', 'hold', 'release', 'make room'),
  text: fc.integer({ min: 0, max: 3_000 }).map((number) => `user-${number}`),
});

test('what is held keeps its number, whatever is forgotten and named anew', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 3_000, size: 'max' }), (steps) => {
      const texts = new ValueTexts(8);
      const held = new Map<string, { readonly number: number; count: number }>();
      for (const { what, text } of steps) {
        const known = held.get(text);
        if (what === 'make room') texts.makeRoom();
        if (what === 'name' || what === 'hold') {
          const number = numberOf(texts, text);
          assert.equal(texts.textOf(number), text);
          if (known !== undefined) assert.equal(number, known.number);
          if (what === 'name') continue;
          texts.hold(number);
          if (known === undefined) held.set(text, { number, count: 1 });
          else known.count++;
        }
        if (what === 'release' && known !== undefined) {
          texts.release(known.number);
          if (--known.count === 0) held.delete(text);
        }
      }
      texts.makeRoom();
      for (const [text, { number }] of held) assert.equal(texts.textOf(number), text);
      assert.equal(new Set(Array.from(held.values(), ({ number }) => number)).size, held.size);
    }),
    { numRuns: 50 },
  );
});
