import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Logger } from '../../http/logger.ts';
import type { PriceUpdate } from '../tasks/update-prices.ts';
import { refreshEveryMs, refreshPrices } from './price-refresh.ts';

const NOW_MS = Date.UTC(2026, 10, 29);
const MINUTE_MS = 60_000;
const DAY_MS = refreshEveryMs(24);

const NOTHING_NEW: PriceUpdate = {
  before: 'a',
  after: 'a',
  outcome: 'in use already',
  moves: [],
  addedModels: 0,
  removedModels: [],
};

const LARGE_MOVE: PriceUpdate = {
  ...NOTHING_NEW,
  after: 'list 2',
  outcome: 'refused',
  moves: [{ model: 'openai gpt-x', part: 'input', before: 1, after: 100, isLarge: true }],
};

/** Runs the schedule until the answers are used up: the waits, the outcomes and what was logged. */
async function run(answers: readonly (PriceUpdate | Error)[], priceListFile = '/nowhere/list.json') {
  const stopping = new AbortController();
  const waits: number[] = [];
  const outcomes: string[] = [];
  const lines: string[] = [];
  const rest = [...answers];
  await refreshPrices({
    settings: { priceListFile },
    everyMs: DAY_MS,
    logger: { warn: (line: string) => lines.push(line), info: () => undefined } as unknown as Logger,
    signal: stopping.signal,
    nowMs: () => NOW_MS,
    sleep: async (ms) => {
      waits.push(ms);
      if (rest.length === 0) stopping.abort();
    },
    onOutcome: (outcome) => outcomes.push(outcome),
    update: async () => {
      const answer = rest.shift() ?? NOTHING_NEW;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { waits, outcomes, lines };
}

function listOfAge(t: TestContext, ageMs: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'list.json');
  writeFileSync(path, '{}');
  utimesSync(path, (NOW_MS - ageMs) / 1000, (NOW_MS - ageMs) / 1000);
  return path;
}

test('the first look is at once, the next ones by the schedule', async () => {
  const { waits, outcomes } = await run([NOTHING_NEW, { ...NOTHING_NEW, outcome: 'stored' }]);
  assert.deepEqual(waits, [0, DAY_MS, DAY_MS]);
  assert.deepEqual(outcomes, ['same', 'stored']);
});

test('a process that restarts asks no sooner than the schedule wants', async (t) => {
  assert.equal((await run([NOTHING_NEW], listOfAge(t, DAY_MS / 4))).waits[0], (DAY_MS * 3) / 4);
  assert.equal((await run([NOTHING_NEW], listOfAge(t, 3 * DAY_MS))).waits[0], 0);
  // A clock that was wrong when the list was stored.
  assert.equal((await run([NOTHING_NEW], listOfAge(t, -30 * DAY_MS))).waits[0], DAY_MS);
});

test('what fails is tried again later each time, at most as late as the schedule, and stops nothing', async () => {
  const failures = Array.from({ length: 10 }, () => new Error('npm could not be asked'));
  const { waits, outcomes, lines } = await run([...failures, NOTHING_NEW]);
  const minutes = [0, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440];
  assert.deepEqual(
    waits.map((ms) => ms / MINUTE_MS),
    minutes,
  );
  assert.equal(outcomes.filter((outcome) => outcome === 'failed').length, 10);
  assert.match(lines[0] ?? '', /npm could not be asked; the list in use stays\. Next look in 10 min/);
});

test('a list in which a price moves too far is named and left to somebody who looks', async () => {
  const { outcomes, lines, waits } = await run([LARGE_MOVE]);
  assert.deepEqual(outcomes, ['refused']);
  assert.match(lines[0] ?? '', /list 2 is not taken into use: .* \(openai gpt-x\)/);
  assert.equal(waits[1], DAY_MS);
});
