import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopChanges } from '../../src/dashboard/api-answers.ts';
import {
  formatSigned,
  isWorthTelling,
  reasonOf,
  type TopMeasure,
  topQuestion,
} from '../../src/dashboard/top-changes.ts';
import { aSnapshot, aView, minute } from './dashboard-builders.ts';

type Group = TopChanges['top'][number];

const aGroup = (parts: Partial<Group> = {}): Group => ({
  calls_before: 10,
  calls_after: 20,
  before: 1,
  after: 3,
  contribution: 2,
  share: 1,
  by_each_call: 0,
  by_number_of_calls: 2,
  ...parts,
});

test('what changed is asked of the range that is shown and of as much time before', () => {
  const question = topQuestion(aSnapshot(60), 'cost');
  assert.deepEqual(
    [question?.from, question?.to, question?.compare_from, question?.compare_to, question?.group_by],
    [minute(0), minute(60), minute(-60), minute(0), 'route,model'],
  );
});

test('where all tenants are shown it is tenants that changed, or routes and models where those have the rows', () => {
  const groupBy = (rows: 'tenant' | 'route,model') =>
    topQuestion(aSnapshot(60, { tenant: null, view: aView({ tenant: null, rows }) }), 'latency')?.group_by;
  assert.deepEqual([groupBy('tenant'), groupBy('route,model')], ['tenant_id', 'route,model']);
});

test('by a dimension whole hours are compared, which do not overlap, of the value that was picked', () => {
  const view = aView({ rows: 'user' });
  const question = topQuestion(aSnapshot(15, { view }), 'cost');
  assert.deepEqual(
    [question?.from, question?.to, question?.compare_from, question?.compare_to, question?.group_by],
    [minute(0), minute(60), minute(-60), minute(0), 'user'],
  );
  const only = { name: 'team', value: 'growth' } as const;
  const narrowed = topQuestion(aSnapshot(60, { view: aView({ only }) }), 'cost');
  assert.deepEqual([narrowed?.group_by, narrowed && Reflect.get(narrowed, 'team')], ['route,model', 'growth']);
});

test('why is told in words, and both where it was both', () => {
  const reason = (parts: Partial<Group>, measure: TopMeasure = 'cost') => reasonOf(aGroup(parts), measure);
  assert.equal(reason({}), 'more calls');
  assert.equal(reason({ calls_after: 5, by_number_of_calls: -2 }), 'fewer calls');
  assert.equal(reason({ by_each_call: 2, by_number_of_calls: 0 }), 'dearer calls');
  assert.equal(reason({ by_each_call: -2, by_number_of_calls: 0 }), 'cheaper calls');
  assert.equal(reason({ by_each_call: 2, by_number_of_calls: 0 }, 'latency'), 'slower');
  assert.equal(reason({ by_each_call: -1, by_number_of_calls: 1 }, 'latency'), 'faster and another share of the calls');
  assert.equal(reason({ by_each_call: 1, by_number_of_calls: 0 }, 'errors'), 'failing more');
  assert.equal(reason({ before: null }), 'new');
  assert.equal(reason({ after: null }), 'gone');
  assert.equal(reason({ contribution: 0, by_number_of_calls: 0 }), '');
});

test('a change of less than a hundredth, or of nothing known, names nobody', () => {
  const told = (before: number | null, change: number | null) =>
    isWorthTelling({ before, change, top: [aGroup()] } as unknown as TopChanges);
  assert.deepEqual(
    [told(100, 0.9), told(100, -2), told(0, 1), told(null, null), told(0, 0)],
    [false, true, true, false, false],
  );
});

test('a contribution has its sign', () => {
  assert.deepEqual(
    [formatSigned(1.5, 'cost'), formatSigned(-20, 'latency'), formatSigned(0, 'cost'), formatSigned(null, 'cost')],
    ['+$1.50', '−20\u202fms', '$0', '–'],
  );
  assert.deepEqual([formatSigned(0.021, 'errors'), formatSigned(-0.003, 'errors')], ['+2.1\u202fpp', '−0.30\u202fpp']);
});
