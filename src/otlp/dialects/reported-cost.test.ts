import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COST_USD_MAX } from '../../events/fields.ts';
import { aSpan } from '../otlp-builders.contract.ts';
import { readReportedCost } from './reported-cost.ts';
import { SpanReader } from './span-reader.ts';

const costOf = (input: number, output: number) =>
  readReportedCost(
    new SpanReader(
      aSpan({
        scopeName: 'openrouter',
        attributes: { 'gen_ai.usage.input_cost': input, 'gen_ai.usage.output_cost': output },
      }),
    ),
    null,
  );

test('a cost whose two sides are told apart is their sum, and none where that is more than a call can cost', () => {
  assert.deepEqual(costOf(0.25, 0.5), { usd: 0.75, by: 'gateway' });
  assert.equal(costOf(COST_USD_MAX, COST_USD_MAX), null);
});
