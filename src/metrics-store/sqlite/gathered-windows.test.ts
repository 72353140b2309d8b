import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Series } from '../../tally/series.ts';
import { Tally } from '../../tally/tally.ts';
import { Usage } from '../../tally/usage.ts';
import { HOUR_MS, MINUTE_MS } from '../../tally/window.ts';
import { WindowCodec } from '../../tally/window-codec.ts';
import type { TallyDelta, UsageDelta } from '../commit.ts';
import { CountedUsage, CountedWindow } from '../counted-window.ts';
import { GatheredWindows } from './gathered-windows.ts';
import type { SeriesRef } from './sqlite-dictionary.ts';

const SERIES: Series = { tenantId: 'acme', route: 'chat', model: 'm', provider: 'openai' };
const REF = { id: 1, tenantKey: 1, pairId: 1, provider: 'openai', model: 'm', lastWindowStartMs: 0 } as SeriesRef;
const codec = new WindowCodec();

/** So many calls of a minute, as bytes. @param billed whose usage they are */
function aWindow(calls: number, billed = '', series = SERIES): CountedWindow {
  const [tally, usage] = [new Tally(), new Usage()];
  tally.requests = tally.completed = usage.calls = calls;
  const bytes = Uint8Array.from(codec.encode(tally, [{ billed, usage }]));
  return new CountedWindow({ bytes, codec }, { series, windowStartMs: MINUTE_MS, start: 0, end: bytes.length });
}

function gather(windows: readonly CountedWindow[], more: readonly UsageDelta[] = [], ref = REF) {
  const tallies: readonly TallyDelta[] = windows;
  const usages = [...windows.map((window) => new CountedUsage(window, 0)), ...more];
  const { minutes, hours, days } = new GatheredWindows({ tallies, usages }, () => ref);
  assert.deepEqual([minutes.length, hours.length, days.length], [1, 1, 1]);
  const [minute, hour, day] = [minutes[0], hours[0], days[0]];
  assert.ok(minute !== undefined && hour !== undefined && day !== undefined);
  assert.equal(hour.startMs, MINUTE_MS - (MINUTE_MS % HOUR_MS));
  const calls = minute.usages.map(({ billed, usage }) => [billed, usage.calls]);
  const requests = [minute.tally, hour.tally, day.tally].map((tally) => tally?.requests);
  return { whole: minute.whole, calls, requests };
}

test('a window that nothing is added to is taken as it is, with its usage, and added to the hour and the day', () => {
  const window = aWindow(1);
  const { whole, calls, requests } = gather([window]);
  assert.deepEqual([whole, calls, requests], [window, [], [undefined, 1, 1]]);
  assert.deepEqual(Uint8Array.from(window.copyBy(codec)), window.windows.bytes);
});

test('windows of two partitions are added up, with the usage of each once', () => {
  const { whole, calls, requests } = gather([aWindow(1), aWindow(2), aWindow(4)]);
  assert.deepEqual([whole, calls, requests], [null, [['', 7]], [7, 7, 7]]);
});

test('usage that comes besides is added to that of a window', () => {
  const usage = Object.assign(new Usage(), { calls: 8 });
  const billed = { provider: 'openai', model: 'other', bandFromTokens: 0, serviceTier: '', reportedBy: '' } as const;
  const more: UsageDelta = { series: SERIES, windowStartMs: MINUTE_MS, billed, usage };
  const { whole, calls, requests } = gather([aWindow(1)], [more]);
  assert.equal(whole, null);
  assert.deepEqual(
    [calls.map(([, count]) => count).toSorted((a, b) => Number(a) - Number(b)), requests],
    [
      [1, 8],
      [1, 1, 1],
    ],
  );
});

test('a window of a series that has other names in the store is told by those', () => {
  const overflow = { ...REF, model: '__overflow__' };
  const { whole, calls, requests } = gather([aWindow(3)], [], overflow);
  assert.equal(whole, null);
  assert.deepEqual([calls.map(([, count]) => count), requests], [[3], [3, 3, 3]]);
  assert.notEqual(calls[0]?.[0], '');
});
