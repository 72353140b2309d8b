import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Api, ApiError, type Parameters } from '../../src/dashboard/api.ts';
import type { MetricsRow } from '../../src/dashboard/api-answers.ts';
import { SnapshotLoader } from '../../src/dashboard/snapshot.ts';
import type { View } from '../../src/dashboard/view.ts';
import { aRow, aView, MINUTE_MS, minute, START_MS } from './dashboard-builders.ts';

const COMPLETENESS = { as_of: minute(60), complete_until: minute(59), lag_ms: 1 };
const { signal } = new AbortController();
const ALL = { changedFromMs: 0, isBreakdownSeen: true };

type Question = Parameters & { readonly path: string };

/** Answers what it is told to, and remembers what it was asked. */
class FakeApi implements Api {
  readonly asked: Question[] = [];
  pairs: readonly MetricsRow[] = [];
  pairCount: number | null = null;
  tenants: readonly MetricsRow[] = [];
  steps: readonly MetricsRow[] = [];
  isAway = false;

  get<T>(path: string, parameters: Parameters): Promise<T> {
    this.asked.push({ path, ...parameters });
    if (this.isAway) return Promise.reject(new ApiError('unreachable', 'away'));
    return Promise.resolve(this.#answer(path, parameters) as T);
  }

  stream(): Promise<never> {
    return Promise.reject(new Error('nobody asks'));
  }

  /** What was asked since this was called last: of a path, with its grouping. */
  take(path: string): readonly Question[] {
    const taken = this.asked.filter((question) => question.path === path);
    this.asked.splice(0, Number.POSITIVE_INFINITY, ...this.asked.filter((question) => question.path !== path));
    return taken;
  }

  #answer(path: string, { from, to, group_by: group, tenant_id: tenant, route, model }: Parameters): object {
    if (path === '/v1/metrics/summary') {
      if (group === undefined) return { summary: [aRow(0, { requests: 7 })], group_count: 1, ...COMPLETENESS };
      const isPairs = group === 'route,model';
      const isTenants = group === 'tenant_id' && this.tenants.length > 0;
      const summary = isPairs
        ? this.pairs
        : isTenants
          ? this.tenants
          : [{ ...aRow(0), [String(group)]: 'asked' } as MetricsRow];
      return { summary, group_count: (isPairs ? this.pairCount : null) ?? summary.length, ...COMPLETENESS };
    }
    const metrics = this.steps.filter(
      (row) =>
        row.window_start >= String(from) &&
        row.window_start < String(to) &&
        (tenant == null || (row.tenant_id ?? tenant) === tenant) &&
        (route == null || row.route === route) &&
        (model == null || row.model === model),
    );
    return { metrics, ...COMPLETENESS };
  }
}

function aLoader(context: TestContext, view: Partial<View> = {}) {
  context.mock.timers.enable({ apis: ['Date'], now: START_MS + 15 * MINUTE_MS + 5_000 });
  const api = new FakeApi();
  const loader = new SnapshotLoader(api, aView({ range: '15m', ...view }));
  return { api, loader, passMinutes: (minutes: number) => context.mock.timers.tick(minutes * MINUTE_MS) };
}

const startsOf = (rows: readonly MetricsRow[]): readonly string[] => rows.map(({ window_start: start }) => start);

test('the first load asks for everything of the range, and for as much time before it', async (context) => {
  const { api, loader } = aLoader(context, { route: 'chat' });
  api.steps = [aRow(3, { route: 'chat' }), aRow(4, { route: 'search' })];
  const snapshot = await loader.load(ALL, signal);
  assert.deepEqual([snapshot.span.fromMs, snapshot.span.toMs], [START_MS, START_MS + 16 * MINUTE_MS]);
  const summaries = api.take('/v1/metrics/summary');
  assert.deepEqual(
    summaries.map(({ from, to, group_by: group }) => [from, to, group]),
    [
      [minute(0), minute(16), undefined],
      [minute(-16), minute(0), undefined],
      [minute(0), minute(16), 'route,model'],
    ],
  );
  assert.ok(summaries.every(({ tenant_id: tenant, route }) => tenant === 'acme' && route === 'chat'));
  assert.deepEqual(startsOf(snapshot.steps), [minute(3)]);
  assert.deepEqual([snapshot.total?.requests, snapshot.completeness], [7, COMPLETENESS]);
});

test('a later load asks only for the steps from the first that may have changed, and keeps those before', async (context) => {
  const { api, loader } = aLoader(context);
  api.steps = [1, 5, 9].map((at) => aRow(at, { requests: 1 }));
  await loader.load(ALL, signal);
  api.take('/v1/metrics');
  api.steps = [1, 5, 9, 10].map((at) => aRow(at, { requests: 2 }));
  const { steps } = await loader.load({ ...ALL, changedFromMs: START_MS + 5.5 * MINUTE_MS }, signal);
  assert.deepEqual(
    api.take('/v1/metrics').map(({ from, to }) => [from, to]),
    [[minute(5), minute(16)]],
  );
  assert.deepEqual(
    steps.map(({ requests }) => requests),
    [1, 2, 2, 2],
  );
});

test('a load without any change asks for no steps, and none that the range has left behind is kept', async (context) => {
  const { api, loader, passMinutes } = aLoader(context);
  api.steps = [0, 5].map((at) => aRow(at));
  await loader.load(ALL, signal);
  api.take('/v1/metrics');
  const unchanged = { ...ALL, changedFromMs: Number.POSITIVE_INFINITY };
  assert.deepEqual(startsOf((await loader.load(unchanged, signal)).steps), [minute(0), minute(5)]);
  passMinutes(3);
  assert.deepEqual(startsOf((await loader.load(unchanged, signal)).steps), [minute(5)]);
  assert.deepEqual(api.take('/v1/metrics'), []);
});

test('the time before is asked for again only when the range has moved on', async (context) => {
  const { api, loader, passMinutes } = aLoader(context);
  const isBefore = ({ to, group_by: group }: Question): boolean => group === undefined && String(to) <= minute(1);
  for (const expected of [1, 0, 1]) {
    await loader.load(ALL, signal);
    assert.equal(api.take('/v1/metrics/summary').filter(isBefore).length, expected);
    if (expected === 0) passMinutes(1);
  }
});

test('a breakdown that nobody sees is not asked for, but the first time', async (context) => {
  const { api, loader } = aLoader(context);
  api.pairs = [aRow(0, { route: 'chat', model: 'm' })];
  for (const [isBreakdownSeen, expected] of [
    [false, 1],
    [false, 0],
    [true, 1],
  ] as const) {
    const snapshot = await loader.load({ changedFromMs: 0, isBreakdownSeen }, signal);
    assert.deepEqual([snapshot.breakdown, snapshot.rowCount], [api.pairs, 1]);
    assert.equal(snapshot.isBreakdownOfNow, expected === 1);
    const asked = api.take('/v1/metrics/summary').filter(({ group_by: group }) => group === 'route,model');
    assert.equal(asked.length, expected);
  }
});

const pair = (route: string, requests: number): MetricsRow => aRow(0, { route, model: 'm', requests });

test('the six busiest groups are shown, by the sums of their pairs, in one answer', async (context) => {
  const { api, loader } = aLoader(context, { split: 'route' });
  api.pairs = [pair('b', 5), pair('a', 4), pair('a', 4), ...['c', 'd', 'e', 'f', 'g'].map((name) => pair(name, 1))];
  api.steps = [aRow(2, { route: 'a', requests: 9 }), aRow(2, { route: 'g' })];
  const { groups } = await loader.load(ALL, signal);
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'e', 'f'],
  );
  assert.deepEqual(
    groups[0]?.steps.map(({ requests }) => requests),
    [9],
  );
  const grouped = api.take('/v1/metrics').map(({ group_by: group }) => group);
  assert.deepEqual(new Set(grouped), new Set(['none', 'route']));
  assert.equal(grouped.length, 2);
});

test('where the breakdown does not have all pairs, the busiest groups are asked for', async (context) => {
  const { api, loader } = aLoader(context, { split: 'model' });
  api.pairs = [pair('a', 1)];
  api.pairCount = 501;
  const { groups } = await loader.load(ALL, signal);
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['asked'],
  );
});

test('groups that are too many for one answer are asked for one by one', async (context) => {
  const { api, loader } = aLoader(context, { split: 'route' });
  api.pairs = Array.from({ length: 700 }, (_, index) => pair(`r${index}`, 1_000 - index));
  api.steps = [aRow(1, { route: 'r1' })];
  const { groups } = await loader.load(ALL, signal);
  assert.deepEqual(
    groups.map(({ steps }) => steps.length),
    [0, 1, 0, 0, 0, 0],
  );
  assert.equal(api.take('/v1/metrics').filter(({ route }) => route != null).length, 6);
});

test('a group that was not shown before is loaded whole, though little has changed', async (context) => {
  const { api, loader } = aLoader(context, { split: 'route' });
  api.pairs = [pair('a', 2)];
  api.steps = [aRow(1, { route: 'a' }), aRow(1, { route: 'b' })];
  await loader.load(ALL, signal);
  api.pairs = [pair('a', 2), pair('b', 3)];
  const { groups } = await loader.load({ ...ALL, changedFromMs: START_MS + 9 * MINUTE_MS }, signal);
  assert.deepEqual(
    groups.map(({ name, steps }) => [name, startsOf(steps)]),
    [
      ['b', [minute(1)]],
      ['a', [minute(1)]],
    ],
  );
});

test('a load that fails leaves what was known, and the next one goes on from there', async (context) => {
  const { api, loader } = aLoader(context);
  api.steps = [aRow(1)];
  await loader.load(ALL, signal);
  api.isAway = true;
  await assert.rejects(loader.load(ALL, signal), ApiError);
  api.isAway = false;
  api.take('/v1/metrics');
  const { steps } = await loader.load({ ...ALL, changedFromMs: START_MS + 9 * MINUTE_MS }, signal);
  assert.deepEqual(startsOf(steps), [minute(1)]);
  assert.equal(api.take('/v1/metrics')[0]?.['from'], minute(9));
});

const EVERYBODY = { tenant: null } as const;
const ofTenant = (tenant: string, requests: number): MetricsRow => aRow(2, { tenant_id: tenant, requests });

test('all tenants are asked for without naming one, with a row of each', async (context) => {
  const { api, loader } = aLoader(context, EVERYBODY);
  api.tenants = [ofTenant('b', 5), ofTenant('a', 4)];
  const { tenant, breakdown, rows, rowCount } = await loader.load(ALL, signal);
  assert.deepEqual([tenant, breakdown, rows, rowCount], [null, api.tenants, 'tenant', 2]);
  assert.ok(api.asked.every(({ tenant_id: asked }) => asked === null));
});

test('a split by tenant takes its groups from the rows of tenants, and their steps from one answer', async (context) => {
  const { api, loader } = aLoader(context, { ...EVERYBODY, split: 'tenant' });
  api.tenants = [ofTenant('b', 5), ofTenant('a', 4)];
  api.steps = api.tenants;
  const { groups } = await loader.load(ALL, signal);
  assert.deepEqual(
    groups.map(({ name, steps }) => [name, steps.map(({ requests }) => requests)]),
    [
      ['b', [5]],
      ['a', [4]],
    ],
  );
  assert.deepEqual(
    api.take('/v1/metrics').map(({ group_by: group }) => group),
    ['none', 'tenant_id'],
  );
});

test('tenants that are too many for one answer are asked for one by one', async (context) => {
  const { api } = aLoader(context);
  api.tenants = Array.from({ length: 490 }, (_, index) => ofTenant(`t${index}`, 1_000 - index));
  api.steps = [ofTenant('t1', 999)];
  context.mock.timers.setTime(START_MS + 59 * MINUTE_MS);
  const hour = new SnapshotLoader(api, aView({ ...EVERYBODY, split: 'tenant', range: '1h' }));
  const { groups } = await hour.load(ALL, signal);
  assert.deepEqual(
    groups.map(({ name, steps }) => [name, steps.length]),
    [0, 1, 2, 3, 4, 5].map((index) => [`t${index}`, index === 1 ? 1 : 0]),
  );
});

test('where the rows do not say what the charts are split by, the busiest groups are asked for', async (context) => {
  for (const view of [{ split: 'model' }, { split: 'tenant', rows: 'route,model' }] as const) {
    const { api, loader } = aLoader(context, { ...EVERYBODY, ...view });
    api.pairs = [pair('a', 1)];
    const { groups } = await loader.load(ALL, signal);
    assert.deepEqual(
      groups.map(({ name }) => name),
      ['asked'],
    );
    context.mock.timers.reset();
  }
});

test('there is nothing before the beginning of time', async (context) => {
  const { loader } = aLoader(context, { range: 'custom', fromMs: 0, toMs: 10 * MINUTE_MS });
  assert.equal((await loader.load(ALL, signal)).previous, null);
});

test('by a dimension its values have the rows, told apart by tenant where all are shown, and a pick is a filter', async (context) => {
  const rows = async (view: Partial<View>) => {
    const { api, loader } = aLoader(context, view);
    const snapshot = await loader.load(ALL, signal);
    const asked = api.take('/v1/metrics/summary').find(({ group_by: group }) => group !== undefined);
    context.mock.timers.reset();
    return { asked, snapshot };
  };
  assert.equal((await rows({ rows: 'user' })).asked?.['group_by'], 'user');
  assert.equal((await rows({ rows: 'user', tenant: null })).asked?.['group_by'], 'tenant_id,user');
  const { asked, snapshot } = await rows({ only: { name: 'user', value: 'u-1' } });
  assert.deepEqual([asked?.['group_by'], asked?.['user']], ['route,model', 'u-1']);
  assert.deepEqual([snapshot.span.step, snapshot.span.fromMs], ['1h', START_MS]);
});

test('a split by a dimension draws its busiest values by the hour', async (context) => {
  const { api, loader } = aLoader(context, { split: 'metadata.app' });
  api.steps = ['web', 'asked'].map((app) => ({ ...aRow(0, { requests: 3 }), 'metadata.app': app }) as MetricsRow);
  const { groups, span } = await loader.load(ALL, signal);
  assert.deepEqual(
    groups.map(({ name, steps }) => [name, steps.length]),
    [['asked', 1]],
  );
  const [, ofGroups] = api.take('/v1/metrics');
  assert.deepEqual([ofGroups?.['group_by'], ofGroups?.['step'], span.step], ['metadata.app', '1h', '1h']);
});
