import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areAllOffered, choiceOf, lastActivityMs, tenantShown } from '../../src/dashboard/tenant-choice.ts';

const seenAt = (at: string, ...names: string[]) => names.map((value) => ({ value, last_activity: at }));
const seen = (...names: string[]) => seenAt('2026-11-29T10:00:00Z', ...names);

test('a tenant that was chosen is shown, whether it was seen or not', () => {
  for (const list of [null, [], seen('a'), seen('a', 'b')]) assert.equal(tenantShown('x', list), 'x');
});

test('where none was chosen it is all of several, the only one, or nobody yet', () => {
  assert.deepEqual(
    [null, [], seen('a'), seen('a', 'b')].map((list) => tenantShown(null, list)),
    [undefined, undefined, 'a', null],
  );
});

test('all are offered beside several, and to whoever looks at one that is not among them', () => {
  assert.equal(areAllOffered('a', seen('a')), false);
  assert.equal(areAllOffered('a', seen('a', 'b')), true);
  assert.equal(areAllOffered(null, seen('a', 'b')), true);
  assert.equal(areAllOffered('x', seen('a')), true);
  assert.equal(areAllOffered('x', []), true);
});

test('another tenant begins without filters, all tenants with those that were set', () => {
  assert.deepEqual(choiceOf('a'), { tenant: 'a', route: null, model: null, only: null, call: null });
  assert.deepEqual(choiceOf(null), { tenant: null, call: null });
});

test('the last call of all is the last of any', () => {
  const list = [...seenAt('2026-11-29T10:00:00Z', 'a'), ...seenAt('2026-11-29T11:00:00Z', 'b')];
  const hours = [null, 'a', 'x'].map((tenant) => lastActivityMs(list, tenant));
  assert.deepEqual(hours, [Date.UTC(2026, 10, 29, 11), Date.UTC(2026, 10, 29, 10), null]);
});
