import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_VIEW, formatView, parseView, type View } from '../../src/dashboard/view.ts';

test('a view survives its way through an address', () => {
  const view: View = {
    tenant: 'a & b/ü',
    range: 'custom',
    fromMs: Date.UTC(2026, 0, 1),
    toMs: Date.UTC(2026, 0, 2),
    route: 'chat?x=1',
    model: 'm',
    split: 'model',
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
