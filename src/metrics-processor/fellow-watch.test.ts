import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RosterLook } from '../metrics-store/roster.ts';
import { StorageError } from '../storage/storage-error.ts';
import { FellowWatch } from './fellow-watch.ts';
import { FastRuntime } from './processor-builders.contract.ts';

const HOUR_MS = 3_600_000;

/** What the roster says at one look: who is there, and who is gone. */
interface Sight extends Partial<RosterLook> {
  readonly lives?: readonly string[];
  readonly gone?: readonly string[];
  /** The process was frozen so long before it. */
  readonly pauseMs?: number;
  readonly isAway?: boolean;
}

/** What a member does about these looks, one after the other; then it stops. */
async function deeds(looks: readonly Sight[], expel: (id: string) => Promise<void> = async () => undefined) {
  const done: string[] = [];
  const runtime = new FastRuntime();
  const stopping = new AbortController();
  let at = 0;
  const roster = {
    look: async (id: string): Promise<RosterLook> => {
      assert.equal(id, 'me');
      const look = looks[at++];
      if (at >= looks.length) stopping.abort();
      runtime.clockMs += look?.pauseMs ?? 0;
      if (look === undefined || look.isAway === true) throw new StorageError('unavailable', 'away');
      const { lives = [], gone = [], sight = 'first', serverUptimeMs = HOUR_MS } = look;
      const others = [
        ...lives.map((each) => ({ id: each, isGone: false })),
        ...gone.map((each) => ({ id: each, isGone: true })),
      ];
      return { sight, serverUptimeMs, others };
    },
    remove: async (id: string): Promise<void> => void done.push(`remove ${id}`),
    close: async () => undefined,
  };
  const member = {
    id: 'me',
    expel: async (id: string) => {
      done.push(`expel ${id}`);
      await expel(id);
    },
    hurry: () => void done.push('hurry'),
  };
  const events = { fellowEnded: (id: string) => void done.push(`ended ${id}`) };
  await new FellowWatch(member, { roster, runtime, events }).run(stopping.signal);
  assert.equal(done.pop(), 'remove me', 'who stops leaves the roster');
  return done;
}

const DEAD: Sight = { lives: ['b'], gone: ['a'] };

/** Looks are 400 ms apart: the last of four is the first more than a second after the first. */
const LONG_DEAD = [DEAD, DEAD, DEAD, DEAD];

test('a member that is gone for a second is expelled, and the group is asked at once', async () => {
  assert.deepEqual(await deeds(LONG_DEAD), ['hurry', 'expel a', 'ended a', 'hurry', 'remove a']);
  assert.deepEqual(await deeds(LONG_DEAD.slice(1)), ['hurry'], 'no sooner');
});

test('a member whose connection is there again at the next look stays', async () => {
  const back: Sight = { lives: ['a', 'b'] };
  const looks = [DEAD, DEAD, DEAD, back, DEAD, DEAD, DEAD, back];
  assert.ok(!(await deeds(looks)).includes('expel a'));
});

test('whoever comes or goes makes the member ask the group what is its own now', async () => {
  const done = await deeds([{ lives: ['b'] }, { lives: ['b'] }, { lives: ['b', 'c'] }, {}]);
  assert.deepEqual(done, ['hurry', 'hurry', 'hurry']);
});

test('after a start of the server nobody is judged, for all are on their way back', async () => {
  const restarted = LONG_DEAD.map((look) => ({ ...look, serverUptimeMs: 3000 }));
  assert.deepEqual(await deeds(restarted), ['hurry']);
});

test('a member whose own connection broke judges nobody for ten seconds', async () => {
  const looks = (count: number) => Array.from({ length: count }, () => ({ ...DEAD, sight: 'second' }));
  assert.deepEqual(await deeds([DEAD, ...looks(24)]), ['hurry']);
  assert.ok((await deeds([DEAD, ...looks(30)])).includes('expel a'));
});

test('behind a pool that gives another connection for each look nobody is ever judged', async () => {
  const looks = Array.from({ length: 60 }, (_, i) => ({ ...DEAD, sight: String(i % 3) }));
  assert.deepEqual(await deeds(looks), ['hurry']);
});

test('a process that was frozen for long judges nobody by what it saw before', async () => {
  assert.deepEqual(await deeds([DEAD, DEAD, { ...DEAD, pauseMs: 20_000 }, DEAD, DEAD]), ['hurry']);
});

test('while the store is away nobody is judged', async () => {
  assert.deepEqual(await deeds([DEAD, DEAD, { isAway: true }, DEAD, DEAD]), ['hurry']);
});

test('what the group could not be told is told again', async () => {
  let attempts = 0;
  const expel = async () => {
    if (++attempts === 1) throw new StorageError('unavailable', 'no coordinator');
  };
  const done = await deeds([...LONG_DEAD, ...LONG_DEAD], expel);
  assert.deepEqual(done, ['hurry', 'expel a', 'expel a', 'ended a', 'hurry', 'remove a']);
});
