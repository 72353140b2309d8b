import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DayTotals } from './manifest.ts';
import { type ExportDaysOptions, type ExportDaysPorts, exportDays } from './write-days.ts';

const DAY_MS = 86_400_000;
const FROM_MS = Date.UTC(2025, 10, 19);
const QUESTION = { dataset: 'rows', file_format: 'csv', step: '1d', tenants: null, billing_account: null };

/** A store with the given counts of days from 19 November 2025 on. */
function world(t: TestContext, counts: number[]) {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-export-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const state = { counts, completeDays: counts.length, read: [] as number[], isControlled: true, lost: 0 };
  const stop = new AbortController();
  const totalsAt = (dayMs: number): DayTotals => ({ requests: String(state.counts[(dayMs - FROM_MS) / DAY_MS]) });
  const ports: ExportDaysPorts = {
    totalsOf: async (fromMs, toMs) => {
      const days = state.counts
        .map((_, at) => FROM_MS + at * DAY_MS)
        .filter((dayMs) => dayMs >= fromMs && dayMs < toMs);
      return new Map(days.map((dayMs) => [dayMs, totalsAt(dayMs)]));
    },
    fileOf: async (dayMs) => {
      const at = (dayMs - FROM_MS) / DAY_MS;
      state.read.push(at);
      const count = (state.counts[at] ?? 0) - state.lost;
      return {
        pieces: (async function* () {
          for (let row = 0; row < count; row++) yield Buffer.from(`${at} ${row}\n`);
        })(),
        rowCount: () => count,
        isWhole: ({ requests }) => (state.isControlled ? requests === String(count) : null),
      };
    },
    completeThroughMs: async () => FROM_MS + state.completeDays * DAY_MS,
    nowMs: () => FROM_MS,
    onDay: () => undefined,
    signal: stop.signal,
  };
  const run = (options: Partial<ExportDaysOptions> = {}, others: Partial<ExportDaysPorts> = {}) => {
    state.read = [];
    const range = { fromMs: 0, toMs: FROM_MS + 100 * DAY_MS };
    const all = { directory, question: QUESTION, ...range, isRefresh: false, streamlens: '1.0.0', ...options };
    return exportDays(all, { ...ports, ...others });
  };
  const textOf = (date: string) => readFileSync(join(directory, `date=${date}`, 'rows.csv'), 'utf8');
  const manifest = () => JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  return { directory, state, stop, run, textOf, manifest, ports };
}

test('each day is a file that the manifest names, and another run reads none of them again', async (t) => {
  const { run, state, textOf, manifest } = world(t, [2, 1]);
  assert.deepEqual(
    (await run()).written.map(({ date, rows }) => [date, rows]),
    [
      ['2025-11-19', 2],
      ['2025-11-20', 1],
    ],
  );
  assert.equal(textOf('2025-11-19'), '0 0\n0 1\n');
  const [first] = manifest().days;
  assert.deepEqual([first.path, first.bytes, first.is_complete], ['date=2025-11-19/rows.csv', 8, true]);
  const again = await run();
  assert.deepEqual([again.keptCount, again.written, state.read], [2, [], []]);
});

test('a run that failed in the middle of a day leaves none of it, and the next one goes on with that day', async (t) => {
  const { run, state, ports, directory } = world(t, [1, 3, 1]);
  const failing: ExportDaysPorts['fileOf'] = async (dayMs) => {
    const file = await ports.fileOf(dayMs);
    if (dayMs === FROM_MS) return file;
    const pieces = (async function* () {
      yield Buffer.from('half of a ');
      throw new Error('the store went away');
    })();
    return { ...file, pieces };
  };
  await assert.rejects(run({}, { fileOf: failing }), /the store went away/);
  assert.deepEqual(readdirSync(join(directory, 'date=2025-11-20')), []);
  writeFileSync(join(directory, 'date=2025-11-20', 'rows.csv.999999.tmp'), 'of a run that was killed');
  const report = await run();
  assert.deepEqual([report.keptCount, state.read], [1, [1, 2]]);
  assert.deepEqual(readdirSync(join(directory, 'date=2025-11-20')), ['rows.csv']);
});

test('a run that is stopped keeps the days that are whole, and says so', async (t) => {
  const { run, stop, directory, ports } = world(t, [1, 1, 1]);
  const report = await run({}, { onDay: (done) => done === 2 && stop.abort(), signal: ports.signal });
  assert.deepEqual([report.written.length, report.isStopped], [2, true]);
  assert.equal(existsSync(join(directory, 'date=2025-11-21')), false);
});

test('a day that was not over is written again, also when it has not grown', async (t) => {
  const { run, state, textOf } = world(t, [1, 1]);
  state.completeDays = 1;
  await run();
  state.counts = [1, 2];
  state.completeDays = 2;
  assert.deepEqual(
    (await run()).written.map(({ date, is_complete: isComplete }) => [date, isComplete]),
    [['2025-11-20', true]],
  );
  assert.equal(textOf('2025-11-20'), '1 0\n1 1\n');
});

test('a day that changed since is told, and written again when that is wanted', async (t) => {
  const { run, state } = world(t, [1, 1]);
  await run();
  state.counts = [5, 1];
  assert.deepEqual([(await run()).changed, state.read], [['2025-11-19'], []]);
  const refreshed = await run({ isRefresh: true });
  assert.deepEqual([refreshed.written.map(({ rows }) => rows), refreshed.changed], [[5], []]);
});

test('a file that is gone or of another size is written again', async (t) => {
  const { run, state, directory } = world(t, [1, 1, 1]);
  await run();
  rmSync(join(directory, 'date=2025-11-19', 'rows.csv'));
  writeFileSync(join(directory, 'date=2025-11-21', 'rows.csv'), '');
  await run();
  assert.deepEqual(state.read, [0, 2]);
});

test('a day of which the store has lost a part is not written, and no file is taken away for it', async (t) => {
  const { run, state, textOf, manifest } = world(t, [3]);
  await run();
  state.counts = [4];
  state.lost = 2;
  assert.deepEqual((await run({ isRefresh: true })).notWhole, ['2025-11-19']);
  assert.deepEqual([textOf('2025-11-19').length, manifest().days[0].rows], [12, 3]);
  state.isControlled = false;
  assert.deepEqual((await run({ isRefresh: true })).notWhole, ['2025-11-19'], 'fewer single calls than before');
});

test('a day that changes while it is read is read again', async (t) => {
  const { run, state, ports } = world(t, [1]);
  const fileOf: ExportDaysPorts['fileOf'] = async (dayMs) => {
    state.counts = [2];
    return ports.fileOf(dayMs);
  };
  assert.deepEqual(
    (await run({}, { fileOf })).written.map(({ rows }) => rows),
    [2],
  );
  assert.deepEqual(state.read, [0, 0]);
});

test('a directory of another export is left alone', async (t) => {
  const { run, directory } = world(t, [1]);
  await run();
  const other = { ...QUESTION, tenants: ['acme'] };
  await assert.rejects(run({ question: other }), /whose tenants is null; name another directory for \["acme"\]/);
  writeFileSync(join(directory, 'manifest.json'), '{"format":"other"}');
  await assert.rejects(run(), /is no manifest of "streamlens export"/);
});
