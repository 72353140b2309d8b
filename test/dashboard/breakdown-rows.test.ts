import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFound, NUMBERS, namesOf, rowKey, sortRows } from '../../src/dashboard/breakdown-rows.ts';
import { aRow } from './dashboard-builders.ts';

const tenants = [
  aRow(0, { tenant_id: 'b', requests: 1, p95_latency_ms: null }),
  aRow(0, { tenant_id: 'a', requests: 3, p95_latency_ms: 20 }),
  aRow(0, { tenant_id: 'c', requests: 3, p95_latency_ms: 10 }),
];
const sorted = (sort: string): string =>
  sortRows(tenants, namesOf('tenant', true), sort)
    .map((row) => rowKey(row, namesOf('tenant', true)))
    .join('');

test('rows of tenants are sorted by name or number, equal ones by name, unknown ones last', () => {
  assert.deepEqual(['tenant', '-tenant', '-requests', 'requests', 'p95', '-p95'].map(sorted), [
    'abc',
    'cba',
    'acb',
    'bac',
    'cab',
    'acb',
  ]);
});

test('an order by a column of other rows is that of the busiest', () => {
  assert.deepEqual(['route', 'model', '-nonsense'].map(sorted), ['acb', 'acb', 'acb']);
});

test('a row is found by words of its names, in whatever order', () => {
  const row = aRow(0, { tenant_id: 'acme', route: 'Chat Support', model: 'gpt-4.1' });
  const isFoundBy = (search: string) => isFound(row, namesOf('route,model', false), search);
  assert.deepEqual(['', 'gpt chat', 'support GPT-4', 'acme', 'chat claude'].map(isFoundBy), [
    true,
    true,
    true,
    false,
    false,
  ]);
  assert.equal(isFound(row, namesOf('tenant', true), 'CM'), true);
});

test('rows of a dimension are named by its values, and by the tenant where several are shown', () => {
  const users = [
    aRow(0, { user: 'u-2', tenant_id: 'b', requests: 1 }),
    aRow(0, { user: 'u-1', tenant_id: 'a', requests: 1 }),
    aRow(0, { user: 'u-1', tenant_id: 'b', requests: 5 }),
  ];
  const names = namesOf('user', true);
  assert.deepEqual(
    sortRows(users, names, 'value').map((row) => rowKey(row, names)),
    ['u-1\0a', 'u-1\0b', 'u-2\0b'],
  );
  assert.deepEqual(
    namesOf('metadata.cost_center', false).map(({ key, label }) => [key, label]),
    [['value', 'cost_center']],
  );
});

test('a cost that leaves calls without a price out says so, and failures alone do not make it $0', () => {
  const cost = NUMBERS.find(({ key }) => key === 'cost');
  const shown = (estimated_cost_usd: number | null, unpriced_requests: number) => {
    const row = aRow(0, { completed: 50, unpriced_requests, estimated_cost_usd });
    return [cost?.format(cost.value(row), row), cost?.hint?.(row)];
  };
  assert.deepEqual(shown(1.5, 0), ['$1.50', undefined]);
  assert.deepEqual(shown(0, 0), ['$0', undefined]);
  const left = '46 of 50 answered calls have no price, and are not in it';
  assert.deepEqual(shown(1.5, 46), ['≥ $1.50', left]);
  assert.deepEqual(shown(0, 46), ['–', left]);
  assert.deepEqual(shown(null, 46), ['–', left]);
});
