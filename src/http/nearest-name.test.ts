import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from './nearest-name.ts';

const NAMES = ['tenant_id', 'route', 'model', 'provider', 'from', 'to', 'group_by', 'min_latency_ms', 'timezone'];

test('a name with a slip of the finger, in another spelling or cut short is the one that was meant', () => {
  const meant = {
    provder: 'provider',
    modle: 'model',
    tenantId: 'tenant_id',
    tenant: 'tenant_id',
    groupby: 'group_by',
  };
  for (const [name, expected] of Object.entries(meant)) assert.equal(nearestName(name, NAMES), expected);
  assert.equal(nearestName('latency_ms', NAMES), 'min_latency_ms');
});

test('a name that is like none has no nearest', () => {
  for (const name of ['', 'x', 'id', 'colour', 'a'.repeat(10_000)]) assert.equal(nearestName(name, NAMES), null);
});
