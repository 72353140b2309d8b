import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { StoreQueries } from '../src/metrics-api/store-queries.ts';
import { type DimensionDelta, NO_EFFECTS } from '../src/metrics-store/commit.ts';
import { encodedTally } from '../src/metrics-store/dimension-piece.ts';
import type { GroupBy } from '../src/metrics-store/metrics-reader.ts';
import type { MetricsStore } from '../src/metrics-store/metrics-store.ts';
import { openSqliteMetricsStore } from '../src/metrics-store/sqlite/sqlite-metrics-store.ts';
import { TallyListWriter } from '../src/tally/tally-list.ts';
import { DAY_MS, HOUR_MS } from '../src/tally/window.ts';
import { makeTally } from './data/made-tally.ts';
import { SeededRandom } from './data/seeded-random.ts';

/**
 * What questions by user cost over a month, in an embedded store in which each of so many users calls each of three
 * models about once a day: `npm run bench -- dimension-history [--users 10000] [--days 30]`. Prints CPU seconds of this
 * process, which answers as a query thread does, the answer's JSON included.
 */
const { values } = parseArgs({
  options: { users: { type: 'string', default: '10000' }, days: { type: 'string', default: '30' } },
});
const [userCount, days] = [Number(values.users), Number(values.days)];
const MODELS = ['gpt-4o', 'claude-sonnet-4-5', 'gemini-2.5-flash'];
const TENANT = 'tenant-0';
const DIMENSIONS = ['user'];
const ASKED_TIMES = 5;
const toMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

/** The calls of an hour. */
function hourOf(startMs: number, random: SeededRandom): DimensionDelta[] {
  const deltas: DimensionDelta[] = [];
  for (const model of MODELS) {
    const series = { tenantId: TENANT, route: 'chat', model, provider: 'openai' };
    const texts: string[] = [];
    const tallies = new TallyListWriter();
    for (let user = 0; user < userCount; user++) {
      if (!random.isTrue(1 / 24)) continue;
      texts.push(`user-${user}`);
      tallies.push(encodedTally(makeTally(random, 1 + random.below(3))));
    }
    const window = { windowStartMs: startMs, windowMs: HOUR_MS } as const;
    const said = { texts, values: Int32Array.from(texts.keys()), tallies: tallies.list() };
    deltas.push({ dimensions: DIMENSIONS, series, ...window, ...said });
  }
  return deltas;
}

async function fill(store: MetricsStore): Promise<number> {
  const random = new SeededRandom(1);
  let entries = 0;
  let expectedSeq = 0;
  for (let startMs = toMs - days * DAY_MS; startMs < toMs; startMs += HOUR_MS) {
    const dimensions = hourOf(startMs, random);
    entries += dimensions.reduce((sum, { values: users }) => sum + users.length, 0);
    await store.commit([
      {
        partition: 0,
        expectedSeq,
        token: `hour-${expectedSeq}`,
        positions: { 'llm.requests': 0, 'llm.responses': 0, 'llm.evaluations': 0, 'llm.reports': 0 },
        completeThroughMs: startMs,
        committedAtMs: startMs,
        checkpoint: null,
        ...NO_EFFECTS,
        dimensions,
      },
    ]);
    expectedSeq++;
  }
  return entries;
}

const ANY = { tenantId: TENANT, route: null, model: null, provider: null, quantiles: [] };
/** The second is off any hour. */
const OFFS_MS = [0, 17 * 60_000];

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function ask(queries: StoreQueries, name: string, question: { groupBy: readonly GroupBy[]; limit: number }) {
  for (const offMs of OFFS_MS) {
    const seconds: string[] = [];
    let size = 0;
    for (let i = 0; i < ASKED_TIMES; i++) {
      const range = { fromMs: toMs - offMs - days * DAY_MS, toMs: toMs - offMs };
      const startedAt = cpuSeconds();
      const text = await queries.answer('summary', {
        ...ANY,
        ...range,
        ...question,
        dimension: { name: 'user', value: null },
      });
      seconds.push((cpuSeconds() - startedAt).toFixed(3));
      size = text?.length ?? 0;
    }
    console.log(
      `${seconds.join(' ')} CPU s  ${(size / 1e6).toFixed(2)} MB  ${name}, ${offMs / 60_000} min off the hour`,
    );
  }
}

const directory = mkdtempSync(join(tmpdir(), 'streamlens-bench-'));
try {
  const path = join(directory, 'metrics.sqlite');
  const store = openSqliteMetricsStore({ path });
  const startedAt = cpuSeconds();
  const entries = await fill(store);
  console.log(`filled with ${(cpuSeconds() - startedAt).toFixed(1)} CPU s, ${entries} values of an hour and series`);
  await store.close();
  const reader = openSqliteMetricsStore({ path, readOnly: true });
  const queries = new StoreQueries({ reader });
  await ask(queries, `the 1,000 busiest of ${userCount} users`, { groupBy: ['dimension'], limit: 1_000 });
  await ask(queries, `all ${userCount} users`, { groupBy: ['dimension'], limit: userCount });
  await ask(queries, 'by model', { groupBy: ['model'], limit: 1_000 });
  await reader.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
