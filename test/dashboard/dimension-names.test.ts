import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  callFilterOf,
  dimensionField,
  dimensionLabel,
  isDimensionName,
  pickOf,
  valueOf,
  valueText,
} from '../../src/dashboard/dimension-names.ts';
import { aRow } from './dashboard-builders.ts';

test('a dimension is known by its name, and none of the series is one', () => {
  const names = [
    'user',
    'session',
    'agent',
    'team',
    'metadata.cost_center',
    'route',
    'tenant',
    'metadata.',
    'none',
    '',
  ];
  assert.deepEqual(names.filter(isDimensionName), ['user', 'session', 'agent', 'team', 'metadata.cost_center']);
  assert.deepEqual((['user', 'metadata.cost_center'] as const).map(dimensionLabel), ['User', 'cost_center']);
  assert.deepEqual((['session', 'team', 'metadata.app'] as const).map(dimensionField), [
    'session_id',
    'metadata.team',
    'metadata.app',
  ]);
});

test('values that stand for none are told in words, others as they are', () => {
  const texts = ['__none__', '__overflow__', '__repriced__', 'u-1'].map((value) => valueText(value, 'user'));
  assert.deepEqual(texts, ['no user', 'beyond the limit of a day', 'prices that changed later', 'u-1']);
  assert.equal(valueOf(aRow(0, { user: 'u-1' }), 'user'), 'u-1');
  assert.equal(valueOf(aRow(0), 'team'), '');
});

test('single calls are listed of what a call says in one place, and of no other value', () => {
  const filters = (['user', 'session', 'metadata.app', 'team', 'agent'] as const).map((name) =>
    callFilterOf({ name, value: 'x' }),
  );
  assert.deepEqual(filters, [{ user_id_hash: 'x' }, { session_id: 'x' }, { metadata: '{"app":"x"}' }, null, null]);
  assert.equal(callFilterOf({ name: 'user', value: '__none__' }), null);
  assert.deepEqual(callFilterOf({ name: 'user', value: '__init__' }), { user_id_hash: '__init__' });
});

test('who picks a user among those of several tenants picks his tenant too', () => {
  const only = { name: 'user', value: 'u-1' } as const;
  assert.deepEqual([pickOf(only, 'acme'), pickOf(only, undefined)], [{ only, tenant: 'acme' }, { only }]);
});
