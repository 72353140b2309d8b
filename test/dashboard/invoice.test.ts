import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  causesSum,
  certaintyWords,
  formatChange,
  formatChangeUsd,
  isShownTo,
  stepMsOf,
} from '../../src/dashboard/invoice.ts';

test('a difference is shown with its sign, and none as nothing', () => {
  assert.deepEqual([formatChange(1234), formatChange(-1234), formatChange(0)], ['+1,234', '−1,234', '']);
  assert.equal(formatChange(-12.345, 1), '−12.3');
  assert.match(formatChangeUsd(2.5), /^\+\$2\.50?/);
  assert.match(formatChangeUsd(-2.5), /^−\$2\.50?/);
});

test('causes that cancel out are not nothing', () => {
  assert.equal(causesSum([{ usd: 2 }, { usd: -2 }]), 4);
});

test('a bill of one tenant is shown to that tenant, one of all to each', () => {
  assert.deepEqual(
    [null, 'a', 'b'].map((tenant) => isShownTo({ tenant_id: tenant }, 'a')),
    [true, true, false],
  );
});

test('evidence says how sure it is', () => {
  const each = {
    text: 'x',
    usd: 1,
    or_else: ['never_seen', 'price'],
    requests: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
  };
  assert.equal(certaintyWords({ ...each, certainty: 'sure' }), '');
  assert.equal(certaintyWords({ ...each, certainty: 'likely' }), 'Likely: ');
  assert.equal(certaintyWords({ ...each, certainty: 'one_of' }), 'This or never seen or price: ');
});

test('steps are read as the report writes them', () => {
  assert.deepEqual(['1m', '1h', '1d'].map(stepMsOf), [60_000, 3_600_000, 86_400_000]);
});
