import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastCallsText, timesIn, zoneOffset } from '../../src/dashboard/times.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;
const ZONES = ['America/Los_Angeles', 'UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland', 'Pacific/Chatham'];

test('a day that was cut in UTC is called by its UTC date, and says so wherever it is no local day', () => {
  const startMs = Date.UTC(2026, 10, 10);
  const texts = ZONES.map((zone) => timesIn(zone, NOW_MS).step(startMs, startMs + DAY_MS));
  assert.deepEqual(
    texts,
    ZONES.map((zone) => (zone === 'UTC' ? '10 Nov' : '10 Nov (UTC day)')),
  );
});

test('a day that was cut locally is called by its local date, also when it has 23 or 25 hours', () => {
  const times = timesIn('America/Los_Angeles', NOW_MS);
  const [springMs, autumnMs] = [Date.parse('2026-03-08T08:00:00Z'), Date.parse('2026-11-01T07:00:00Z')];
  assert.equal(times.step(springMs, springMs + DAY_MS), '8 Mar');
  assert.equal(times.step(autumnMs, autumnMs + DAY_MS), '1 Nov');
  assert.equal(times.axisZone(autumnMs, DAY_MS), 'America/Los_Angeles');
  assert.equal(times.axisZone(Date.UTC(2026, 10, 1), DAY_MS), 'UTC');
});

test('steps of a day are ranges of clock times, and other years are named', () => {
  const times = timesIn('Europe/Berlin', NOW_MS);
  assert.equal(times.step(NOW_MS, NOW_MS + 300_000), '24 Nov, 13:00 – 13:05');
  assert.equal(times.short(Date.UTC(2023, 10, 16, 19, 14), NOW_MS), '16 Nov 2023, 20:14');
  assert.equal(times.short(NOW_MS - 1000, NOW_MS), '12:59:59');
  assert.equal(times.range(NOW_MS, NOW_MS + DAY_MS, 3_600_000), '24 Nov, 13:00 – 25 Nov, 13:00');
  assert.equal(timesIn('UTC', NOW_MS).range(Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 4), DAY_MS), '1 Nov – 3 Nov');
});

test('what is typed is read back as the same minute in any zone', () => {
  for (const zone of ZONES) {
    const times = timesIn(zone, NOW_MS);
    for (let day = 0; day < 365; day++) {
      const atMs = Date.UTC(2026, 0, 1) + day * DAY_MS + ((day * 97) % 1440) * 60_000;
      const typed = times.typed(atMs);
      const readMs = times.parseTyped(typed) ?? Number.NaN;
      // An hour that a change of the clocks repeats is typed alike both times.
      assert.equal(times.typed(readMs), typed, zone);
      assert.ok(Math.abs(readMs - atMs) <= 3_600_000, `${zone} ${new Date(atMs).toISOString()}`);
    }
  }
});

test('a date alone means its first minute, and nonsense means nothing', () => {
  const times = timesIn('Asia/Kolkata', NOW_MS);
  assert.equal(times.parseTyped(' 2026-11-24 '), Date.parse('2026-11-23T18:30:00Z'));
  assert.equal(times.parseTyped('2026-11-24 9:05'), Date.parse('2026-11-24T03:35:00Z'));
  assert.deepEqual(
    ['', '24.11.2026', '2026-13-01', '2026-11-24 25:00'].map((text) => times.parseTyped(text)),
    [null, null, null, null],
  );
  assert.equal(zoneOffset('Asia/Kolkata')(NOW_MS), 19_800_000);
});

test('the last calls are so long ago, and those of a clock that is ahead are told by their date', () => {
  const nowMs = Date.UTC(2026, 10, 30, 12);
  const shown = (lastMs: number) => lastCallsText(lastMs, nowMs, timesIn('UTC'));
  assert.equal(shown(nowMs - 50_000), 'the last were just now');
  assert.equal(shown(nowMs - 600_000), 'the last were 10 min ago');
  assert.match(shown(Date.UTC(2199, 11, 31, 23, 59)), /^the last are dated 31 Dec 2199, .*, which is still to come$/);
});
