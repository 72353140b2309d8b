import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWholeHours, relativeSpan } from '../../src/dashboard/time-range.ts';
import {
  consistentView,
  DEFAULT_VIEW,
  formatView,
  numbersKey,
  parseView,
  rowsOf,
  spanOf,
  type View,
} from '../../src/dashboard/view.ts';

test('a view survives its way through an address', () => {
  const view: View = {
    tenant: 'a & b/ü',
    range: 'custom',
    fromMs: Date.UTC(2026, 0, 1),
    toMs: Date.UTC(2026, 0, 2),
    route: 'chat?x=1',
    model: 'm',
    only: { name: 'metadata.cost_center', value: 'a=b&c' },
    split: 'model',
    rows: 'tenant',
    sort: 'p95',
    calls: 'unanswered',
    order: 'slowest',
    call: 'id/1',
    zone: 'utc',
  };
  assert.deepEqual(parseView(formatView(view)), view);
});

test('what is as usual is not in the address', () => {
  assert.equal(formatView(DEFAULT_VIEW), '');
  assert.deepEqual(parseView(''), DEFAULT_VIEW);
});

test('what an address says wrongly is as if it were not there', () => {
  const wrong = '?range=toString&split=x&calls=y&order=z&from=nonsense&to=2026-01-01T00:00:00Z';
  assert.deepEqual(parseView(wrong), DEFAULT_VIEW);
  assert.deepEqual(parseView('?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'), DEFAULT_VIEW);
});

test('an address without a tenant is of all, with their rows and split', () => {
  const view: View = { ...DEFAULT_VIEW, split: 'tenant', rows: 'route,model' };
  assert.equal(formatView(view), '?split=tenant&rows=route%2Cmodel');
  assert.deepEqual(parseView(formatView(view)), view);
  assert.deepEqual([rowsOf(view), rowsOf(DEFAULT_VIEW)], ['route,model', 'tenant']);
});

test('who narrows a page to one tenant is left nothing that tells several apart', () => {
  const view: View = { ...DEFAULT_VIEW, split: 'tenant', rows: 'route,model', route: 'chat', sort: '-cost' };
  const narrowed = { ...view, tenant: 'acme', split: 'none', rows: 'tenant' } as const;
  assert.deepEqual(consistentView({ ...view, tenant: 'acme' }), narrowed);
  assert.deepEqual(parseView('?tenant=acme&split=tenant&rows=route,model&route=chat&sort=-cost'), narrowed);
  assert.equal(consistentView({ ...view, tenant: 'acme', split: 'model' }).split, 'model');
  assert.equal(rowsOf(narrowed), 'route,model');
});

test('all tenants have other numbers than a tenant of whatever name', () => {
  const keys = [null, 'null', 'all', 'acme'].map((tenant) => numbersKey({ ...DEFAULT_VIEW, tenant }));
  assert.equal(new Set(keys).size, 4);
});

test('a page may be split by a dimension and have its values as rows, of one tenant and of all', () => {
  for (const tenant of [null, 'acme']) {
    const view: View = { ...DEFAULT_VIEW, tenant, split: 'team', rows: 'metadata.app' };
    assert.deepEqual(parseView(formatView(view)), view);
    assert.equal(rowsOf(view), 'metadata.app');
  }
});

test('who narrows a page to a value is left no other dimension, as each is summed by itself', () => {
  const only = { name: 'user', value: 'u-1' } as const;
  const view = consistentView({ ...DEFAULT_VIEW, tenant: 'acme', split: 'team', rows: 'user', only });
  assert.deepEqual([view.split, view.rows, rowsOf(view)], ['none', 'tenant', 'route,model']);
  assert.equal(consistentView({ ...DEFAULT_VIEW, split: 'tenant', rows: 'route,model', only }).split, 'tenant');
  assert.equal(parseView('?by=users&is=u-1').only, null);
  assert.equal(parseView('?by=user').only, null);
});

test('charts by a dimension are of whole hours, and of UTC days where those of the zone have half hours', () => {
  const now = Date.UTC(2026, 10, 29, 10, 20);
  const view: View = { ...DEFAULT_VIEW, zone: 'utc', split: 'user' };
  const span = spanOf(view, now);
  const hour = (at: number) => Date.UTC(2026, 10, 29, at);
  assert.deepEqual([span.fromMs, span.toMs, span.step], [hour(9), hour(11), '1h']);
  assert.equal(spanOf({ ...view, split: 'route' }, now).step, '1m');
  const days = (zone: string) => inWholeHours(relativeSpan('30d', now, zone));
  assert.deepEqual([days('Asia/Kolkata').zone, days('Asia/Kolkata').fromMs % 86_400_000], ['UTC', 0]);
  assert.deepEqual(days('America/New_York'), relativeSpan('30d', now, 'America/New_York'));
  assert.equal(days('Australia/Lord_Howe').zone, 'UTC');
});
