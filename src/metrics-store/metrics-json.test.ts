import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from '../tally/tally.ts';
import { metricsJson, windowName } from './metrics-json.ts';

type Money = Partial<Record<'costPicoUsd' | 'reportedCostPicoUsd' | 'listCostPicoUsd', bigint>>;

function costsOf(
  counts: Partial<Pick<Tally, 'completed' | 'unpricedRequests' | 'pricedByGateway' | 'pricedByList'>>,
  money: Money = {},
) {
  const tally = Object.assign(new Tally(), { requests: counts.completed ?? 0, ...counts });
  for (const [name, picoUsd] of Object.entries(money) as [keyof Money, bigint][]) tally[name].addBig(picoUsd);
  const subject = { tenantId: 'acme', route: null, model: null, window: windowName(0, 60_000) };
  const { estimated_cost_usd: cost, reported_cost_usd: reported, list_cost_usd: list } = metricsJson(subject, tally);
  return [cost, reported, list];
}

const USD = 10n ** 12n;

test('the cost by the list is null like the cost where no call could be priced', () => {
  assert.deepEqual(costsOf({ completed: 2, unpricedRequests: 2 }), [null, 0, null]);
  assert.deepEqual(costsOf({}), [0, 0, 0]);
  assert.deepEqual(costsOf({ completed: 1 }), [0, 0, 0], 'a call that failed before any output costs nothing');
});

test('where the list knows none of the models whose cost was reported, it says nothing rather than 0', () => {
  const money = { costPicoUsd: USD, reportedCostPicoUsd: USD };
  assert.deepEqual(costsOf({ completed: 1, pricedByGateway: 1 }, money), [1, 1, null]);
  assert.deepEqual(costsOf({ completed: 1, pricedByGateway: 1 }, { ...money, listCostPicoUsd: 2n * USD }), [1, 1, 2]);
  assert.deepEqual(costsOf({ completed: 2, pricedByGateway: 1, pricedByList: 1 }, money), [1, 1, 0]);
  assert.deepEqual(costsOf({ completed: 1, pricedByGateway: 1 }), [0, 0, 0], 'a free variant whose price is 0');
});
