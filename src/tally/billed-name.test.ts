import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { billedOfName, nameOfBilled } from './billed-name.ts';
import type { BilledModel } from './usage.ts';

const ASKED = { provider: 'openai', model: 'gpt-4.1-müni' };

const texts = fc.oneof(
  fc.constantFrom('', ASKED.provider, ASKED.model, 'gpt-4.1-mü', 'gpt-4.1-müni-2025-04-14'),
  fc.string({ unit: 'grapheme' }),
);
const reporters = fc.constantFrom('', 'provider', 'gateway');
const billedModels: fc.Arbitrary<BilledModel> = fc
  .tuple(texts, texts, fc.constantFrom(0, 128_000, 200_000), fc.constantFrom('', 'flex', 'ünknown'), reporters)
  .map(([provider, model, bandFromTokens, serviceTier, reportedBy]) => ({
    provider,
    model,
    bandFromTokens,
    serviceTier,
    reportedBy,
  }));

test('a billed model is read from its name as it was, and two have one name only where they are the same', () => {
  fc.assert(
    fc.property(billedModels, billedModels, (a, b) => {
      const [nameOfA, nameOfB] = [nameOfBilled(a, ASKED), nameOfBilled(b, ASKED)];
      assert.deepEqual(billedOfName(nameOfA, ASKED), a);
      assert.equal(nameOfA === nameOfB, JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('what was asked for has no name, and a version of it is named by what it adds', () => {
  const billed = { ...ASKED, bandFromTokens: 0, serviceTier: '', reportedBy: '' } as const;
  assert.equal(nameOfBilled(billed, ASKED), '');
  assert.equal(nameOfBilled({ ...billed, model: `${ASKED.model}-2025` }, ASKED).length, '-2025'.length + 8);
});
