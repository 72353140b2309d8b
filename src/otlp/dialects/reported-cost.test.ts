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

test("by a key of the customer's own OpenRouter charges a fee, and the model's provider the call", () => {
  const chargedOf = (usage: object) => {
    const attributes = { 'output.value': JSON.stringify({ usage }) };
    return readReportedCost(new SpanReader(aSpan({ attributes })), 'openrouter')?.usd;
  };
  const upstream = { cost_details: { upstream_inference_cost: 0.5 } };
  assert.equal(chargedOf({ cost: 0, is_byok: true, ...upstream }), 0.5);
  assert.equal(chargedOf({ cost: 0.025, is_byok: true, ...upstream }), 0.525);
  assert.equal(chargedOf({ cost: 0.025, ...upstream }), 0.525);
  assert.equal(chargedOf({ cost: 0.5, is_byok: false, ...upstream }), 0.5);
  assert.equal(chargedOf({ cost: 0.5, cost_details: { upstream_inference_cost: null } }), 0.5);
});

test("the convention's cost is a charge where it came with the answer, in USD", () => {
  const reportedBy = (source: string, currency: string) => {
    const attributes = {
      'gen_ai.usage.cost.amount': 0.5,
      'gen_ai.usage.cost.currency': currency,
      'gen_ai.usage.cost.source': source,
    };
    return readReportedCost(new SpanReader(aSpan({ attributes })), 'openai')?.by;
  };
  assert.equal(reportedBy('provider', 'USD'), 'gateway');
  assert.equal(reportedBy('local', 'USD'), 'client');
  assert.equal(reportedBy('provider', 'EUR'), undefined);
});
