import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ApiError } from '../../src/dashboard/api.ts';
import { ChangeBell } from '../../src/dashboard/change-bell.ts';
import { keepLoading, type Trouble } from '../../src/dashboard/keep-loading.ts';
import type { Snapshot } from '../../src/dashboard/snapshot.ts';
import { withGlobals } from './page-globals.ts';

const SNAPSHOT = {} as Snapshot;

interface Watched {
  readonly bell: ChangeBell;
  /** At which second each load began, and from when on it was asked for. */
  readonly loads: (readonly [atS: number, changedFromMs: number])[];
  readonly troubles: Trouble[];
  readonly document: EventTarget & { hidden: boolean };
  /** What the next loads do; the default answers. */
  load: () => Promise<Snapshot>;
  readonly stop: AbortController;
  readonly passS: (seconds: number) => Promise<void>;
}

/** Lets a page load on a clock that only the test moves. */
async function watching(context: TestContext, use: (watched: Watched) => Promise<void>): Promise<void> {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const document = Object.assign(new EventTarget(), { hidden: false });
  const [loads, troubles]: [Watched['loads'], Trouble[]] = [[], []];
  const passS = async (seconds: number) => {
    for (let tick = 0; tick < seconds * 10; tick++) {
      context.mock.timers.tick(100);
      await turn();
    }
  };
  const bell = new ChangeBell();
  const stop = new AbortController();
  const watched: Watched = { bell, loads, troubles, document, passS, stop, load: async () => SNAPSHOT };
  await withGlobals({ document, performance: { now: () => Date.now() } }, async () => {
    const loading = keepLoading({
      load: (changedFromMs) => {
        loads.push([Date.now() / 1000, changedFromMs]);
        return watched.load();
      },
      onLoaded() {},
      onTrouble: (trouble) => troubles.push(trouble),
      bell,
      signal: stop.signal,
    });
    await turn();
    await use(watched);
    stop.abort();
    await loading;
  });
}

const turn = () => new Promise((resolve) => void setImmediate(resolve));

test('everything is loaded once, then what changed, at most once a second however often it rings', (context) =>
  watching(context, async ({ bell, loads, passS }) => {
    await passS(5);
    for (let ring = 0; ring < 30; ring++) {
      bell.ring(1000 + ring);
      await passS(0.1);
    }
    assert.deepEqual(loads[0], [0, 0]);
    // A pause that is over takes a tick of this clock to end.
    assert.ok(loads[1]?.[1] === 1000 && loads[1][0] < 5.5, String(loads[1]));
    const startsS = loads.slice(1).map(([atS]) => atS);
    assert.ok(startsS.length >= 3);
    assert.ok(
      startsS.every((atS, i) => i === 0 || atS - (startsS[i - 1] ?? 0) >= 0.999),
      startsS.join(),
    );
  }));

test('without any change it looks every twenty seconds, and at everything every five minutes', (context) =>
  watching(context, async ({ loads, passS }) => {
    await passS(310);
    const [first, second, ...others] = loads.filter(([, changedFromMs]) => changedFromMs === 0).map(([atS]) => atS);
    assert.ok(first === 0 && second !== undefined && second >= 300 && second < 305, `${first}, ${second}`);
    assert.deepEqual(others, []);
    assert.equal(loads.length, 16);
  }));

test('an API that is away is asked again with growing pauses, told with the time of the next try, and then for everything', (context) =>
  watching(context, async (watched) => {
    const { bell, loads, troubles, passS } = watched;
    watched.load = () => Promise.reject(new ApiError('unreachable', 'away'));
    bell.ring(500);
    await passS(8);
    const failed = troubles.length;
    assert.ok(failed >= 3 && failed <= 5, `${failed} tries in eight seconds`);
    assert.ok(troubles.every(({ retryAtMs }) => retryAtMs !== null));
    watched.load = async () => SNAPSHOT;
    await passS(7);
    assert.equal(troubles.length, failed);
    assert.equal(loads.at(-1)?.[1], 0);
  }));

test('what only the reader can change is not asked again by itself, but when he rings', (context) =>
  watching(context, async (watched) => {
    const { bell, loads, troubles, passS } = watched;
    watched.load = () => Promise.reject(new ApiError('unauthorized', 'which key?'));
    bell.ring(500);
    await passS(15);
    assert.deepEqual(
      troubles.map(({ retryAtMs }) => retryAtMs),
      [null],
    );
    bell.ring(0);
    await passS(1);
    assert.equal(loads.length, 3);
  }));

test('a hidden page loads nothing until somebody looks', (context) =>
  watching(context, async ({ bell, loads, document, passS }) => {
    document.hidden = true;
    bell.ring(500);
    await passS(60);
    const hidden = loads.length;
    document.hidden = false;
    document.dispatchEvent(new Event('visibilitychange'));
    await passS(0.1);
    assert.deepEqual([hidden, loads.length], [1, 2]);
  }));

test('a failure that is no answer of the API is no trouble to show but a fault', async () => {
  const failing = {
    load: () => Promise.reject(new TypeError('a bug')),
    onLoaded() {},
    onTrouble: () => assert.fail('not to be shown'),
    bell: new ChangeBell(),
    signal: new AbortController().signal,
  };
  await withGlobals({ document: { hidden: false } }, () => assert.rejects(keepLoading(failing), TypeError));
});
