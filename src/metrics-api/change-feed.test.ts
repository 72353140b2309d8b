import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ChangeFeeds, type ChangeListener } from './change-feed.ts';
import type { ChangeEvent } from './questions.ts';

const FILTER = { tenantId: 'acme', route: null, model: null };

/** A store whose rows change by being pushed; it counts how often it is asked. */
function open() {
  const rows: ChangeEvent[] = [];
  const counts = { states: 0, changes: 0 };
  const feeds = new ChangeFeeds(
    {
      stateId: async () => {
        counts.states++;
        return String(rows.length);
      },
      changes: async ({ sinceMs, limit }) => {
        counts.changes++;
        const since = rows.filter(({ changedAtMs }) => changedAtMs >= sinceMs);
        const last = since[limit - 1]?.changedAtMs ?? Number.POSITIVE_INFINITY;
        return since.filter(({ changedAtMs }) => changedAtMs <= last);
      },
    },
    () => 1000,
  );
  const change = (key: string, changedAtMs: number, revision = 1): void => {
    rows.push({ key, changedAtMs, revision, windowStartMs: 0, json: '{}' });
  };
  return { feeds, counts, change };
}

function listener(): ChangeListener & { readonly keys: string[] } {
  const keys: string[] = [];
  return { keys, changed: (changes) => keys.push(...changes.map(({ key }) => key)), failed: assert.fail };
}

/** Lets so many looks happen. */
async function looks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    mock.timers.tick(200);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

test('all who listen to the same rows share one look, and none is taken while nothing is committed', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { feeds, counts, change } = open();
  const listeners = Array.from({ length: 50 }, listener);
  const stops = listeners.map((each) => feeds.listen(FILTER, each));
  change('a', 1001);
  await looks(3);
  change('b', 1002);
  await looks(5);
  for (const { keys } of listeners) assert.deepEqual(keys, ['a', 'b']);
  assert.ok(counts.changes <= 3, `${counts.changes} looks`);
  for (const stop of stops) stop();
  await looks(2);
  const { states } = counts;
  await looks(5);
  assert.equal(counts.states, states, 'nobody listens, so nobody looks');
  mock.timers.reset();
});

test('a commit that began before somebody listened and ends after it is told', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { feeds, change } = open();
  const heard = listener();
  const stop = feeds.listen(FILTER, heard);
  await looks(2);
  change('slow', 900);
  await looks(2);
  assert.deepEqual(heard.keys, ['slow']);
  stop();
  await looks(1);
  mock.timers.reset();
});

test('more changes of two seconds than one page holds all come, once', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { feeds, change } = open();
  const heard = listener();
  const stop = feeds.listen(FILTER, heard);
  for (let i = 0; i < 3500; i++) change(`row-${i}`, 1000 + Math.floor(i / 7));
  await looks(2);
  change('row-0', 1500, 2);
  change('late', 1400);
  await looks(3);
  assert.equal(heard.keys.length, 3502);
  assert.deepEqual(heard.keys.slice(-2).sort(), ['late', 'row-0']);
  stop();
  await looks(1);
  mock.timers.reset();
});
