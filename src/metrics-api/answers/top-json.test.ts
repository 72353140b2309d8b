import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MetricsRow } from '../../metrics-store/metrics-reader.ts';
import { Tally } from '../../tally/tally.ts';
import type { TopMeasure } from '../contract/top-answer.ts';
import { topJson } from './top-json.ts';

const DAY_MS = 86_400_000;
const RANGES = { range: { fromMs: DAY_MS, toMs: 2 * DAY_MS }, compared: { fromMs: 0, toMs: DAY_MS } };

interface Calls {
  readonly calls: number;
  readonly usd?: number;
  /** Of all calls together. */
  readonly latencyMs?: number;
  readonly errors?: number;
}
type Groups = Readonly<Record<string, Calls>>;

function rowOf(route: string, { calls, usd = 0, latencyMs = 0, errors = 0 }: Calls): MetricsRow {
  const tally = new Tally();
  Object.assign(tally, {
    requests: calls,
    completed: calls,
    errors,
    latencyKnown: calls,
    latencyUsSum: latencyMs * 1000,
  });
  tally.costPicoUsd.addBig(BigInt(Math.round(usd * 1e6)) * 1_000_000n);
  const names = { tenantId: null, route, model: null, provider: null, errorKind: null };
  return { ...names, windowStartMs: 0, windowEndMs: DAY_MS, tally };
}

function top(measure: TopMeasure, before: Groups, after: Groups, limit = 1000) {
  const rows = (groups: Groups) => Object.entries(groups).map(([route, calls]) => rowOf(route, calls));
  return topJson(
    { before: rows(before), after: rows(after) },
    {
      ...RANGES,
      measure,
      limit,
      tenantId: 'acme',
      route: null,
      model: null,
      provider: null,
      groupBy: ['route'],
    },
  );
}

test('who cost more comes first with its share, and whether its calls got dearer or more', () => {
  const { top: groups, ...whole } = top(
    'cost',
    { chat: { calls: 100, usd: 10 }, search: { calls: 10, usd: 5 }, gone: { calls: 1, usd: 1 } },
    { chat: { calls: 100, usd: 30 }, search: { calls: 20, usd: 10 }, fresh: { calls: 4, usd: 2 } },
  );
  assert.deepEqual([whole.before, whole.after, whole.change, whole.group_count, whole.rest], [16, 42, 26, 4, 0]);
  assert.deepEqual(
    [whole.compare_from, whole.from, whole.to],
    ['1970-01-01T00:00:00Z', '1970-01-02T00:00:00Z', '1970-01-03T00:00:00Z'],
  );
  assert.deepEqual(
    groups.map((group) => [group.route, group.contribution, group.by_each_call, group.by_number_of_calls]),
    [
      ['chat', 20, 20, 0],
      ['search', 5, 0, 5],
      ['fresh', 2, 0, 2],
      ['gone', -1, 0, -1],
    ],
  );
  assert.equal(groups[0]?.share, 20 / 26);
  assert.equal(groups[0]?.tenant_id, 'acme');
  assert.deepEqual([groups[2]?.before, groups[3]?.after], [null, null]);
});

test('a route as slow as the rest does nothing to the average by growing, a slow one does', () => {
  const before = { fast: { calls: 50, latencyMs: 5_000 }, slow: { calls: 50, latencyMs: 15_000 } };
  const after = { fast: { calls: 50, latencyMs: 5_000 }, slow: { calls: 150, latencyMs: 45_000 } };
  const answer = top('latency', before, after);
  assert.deepEqual([answer.before, answer.after, answer.change], [200, 250, 50]);
  assert.ok(answer.top.every(({ by_each_call: each }) => each === 0));
  assert.deepEqual(new Set(answer.top.map(({ before: own }) => own)), new Set([100, 300]));
  const even = { a: { calls: 10, latencyMs: 1_000 }, b: { calls: 90, latencyMs: 9_000 } };
  const grown = { a: { calls: 900, latencyMs: 90_000 }, b: { calls: 90, latencyMs: 9_000 } };
  assert.deepEqual(
    top('latency', even, grown).top.map(({ contribution }) => Math.abs(contribution ?? 1)),
    [0, 0],
  );
});

test('who failed more often is told by what it did to the error rate of all, not by how often it failed itself', () => {
  const answer = top(
    'errors',
    { busy: { calls: 900, errors: 9 }, rare: { calls: 100, errors: 0 } },
    { busy: { calls: 900, errors: 90 }, rare: { calls: 100, errors: 20 } },
  );
  assert.deepEqual([answer.before, answer.after], [0.009, 0.11]);
  assert.deepEqual(
    answer.top.map(({ route, before, after, by_number_of_calls: number }) => [
      route,
      before,
      after,
      Math.abs(number ?? 1),
    ]),
    [
      ['busy', 0.01, 0.1, 0],
      ['rare', 0, 0.2, 0],
    ],
  );
  assert.ok(Math.abs((answer.top[0]?.contribution ?? 0) - 0.081) < 1e-12);
});

test('with nothing to compare with there is no change, and still every group', () => {
  const answer = top('latency', {}, { chat: { calls: 3, latencyMs: 300 } });
  assert.deepEqual([answer.before, answer.after, answer.change, answer.rest], [null, 100, null, null]);
  assert.deepEqual(
    answer.top.map(({ after, contribution, share }) => [after, contribution, share]),
    [[100, null, null]],
  );
  assert.equal(top('cost', {}, {}).change, 0);
});

test('by a dimension a group is called by its value, and calls of before it was set are told beside them', () => {
  const row = (value: string, calls: number): MetricsRow => ({
    ...rowOf('', { calls, usd: calls }),
    route: null,
    value,
  });
  const answer = topJson(
    {
      before: [row('u-1', 3), row('__none__', 1)],
      after: [row('u-2', 9), row('u-1', 5)],
      notGrouped: { before: 70, after: 0 },
    },
    {
      ...RANGES,
      measure: 'cost',
      limit: 2,
      tenantId: null,
      route: null,
      model: null,
      provider: null,
      groupBy: ['dimension'],
      dimension: { name: 'metadata.cost_center', value: null },
    },
  );
  const { top: groups, ...whole } = answer;
  assert.deepEqual(
    groups.map((group) => [{ ...group }['metadata.cost_center' as keyof typeof group], group.contribution]),
    [
      ['u-2', 9],
      ['u-1', 2],
    ],
  );
  assert.deepEqual([whole.change, whole.rest, whole.not_grouped_before, whole.not_grouped_after], [10, -1, 70, 0]);
});

const arbitraryGroups = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  fc.record({
    calls: fc.integer({ min: 1, max: 1_000 }),
    usd: fc.nat(1_000),
    latencyMs: fc.nat(1_000_000),
    errors: fc.nat(1_000),
  }),
);

test('contributions, and the rest beyond the limit, add up to the change; turned round they change their sign', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<TopMeasure>('cost', 'latency', 'errors'),
      arbitraryGroups,
      arbitraryGroups,
      fc.integer({ min: 1, max: 4 }),
      (measure, before, after, limit) => {
        const answer = top(measure, before, after, limit);
        if (answer.change === null) return;
        const sum = answer.top.reduce((total, { contribution }) => total + (contribution ?? 0), answer.rest ?? 0);
        assert.ok(Math.abs(sum - answer.change) < 1e-6, `${sum} is not ${answer.change}`);
        for (const { contribution, by_each_call: each, by_number_of_calls: number } of answer.top) {
          assert.ok(Math.abs((each ?? 0) + (number ?? 0) - (contribution ?? 0)) < 1e-6);
        }
        const turned = new Map(top(measure, after, before).top.map(({ route, contribution }) => [route, contribution]));
        for (const { route, contribution } of answer.top) {
          assert.ok(Math.abs((turned.get(route) ?? 0) + (contribution ?? 0)) < 1e-6);
        }
      },
    ),
  );
});
