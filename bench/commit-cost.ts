import { TOPICS } from '../src/events/topics.ts';
import { type Commit, NO_EFFECTS, type TallyDelta } from '../src/metrics-store/commit.ts';
import { openPostgresMetricsStore } from '../src/metrics-store/postgres/postgres-metrics-store.ts';
import { makeTally } from './data/made-tally.ts';
import { SeededRandom } from './data/seeded-random.ts';
import { contest, metricOf, spreadOf } from './measure/contest.ts';
import { CpuMeter } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { BenchPostgres } from './setup/services.ts';

/** What one commit costs Postgres and the processor, by the number of rows that it adds to. Feeds the capacity simulation. */
const ROWS = [1, 10, 100, 1000];
const EVENTS_PER_ROW = 20;
const COMMITS = 60;
const MINUTE_MS = 60_000;

const options = await benchOptions();
const postgres = await BenchPostgres.start();
const random = new SeededRandom(7);

/** The same rows in each commit, as in a minute that is being counted. */
function deltas(rows: number): TallyDelta[] {
  const windowStartMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: rows }, (_, row) => ({
    series: { tenantId: `tenant-${row % 10}`, route: `route-${Math.floor(row / 10)}`, model: 'gpt-4o', provider: '' },
    windowStartMs,
    tally: makeTally(random, EVENTS_PER_ROW),
  }));
}

function contestant(rows: number) {
  return {
    name: `${rows} rows a commit`,
    async run() {
      const store = await openPostgresMetricsStore({ dsn: await postgres.newDatabase() });
      try {
        const prepared = Array.from({ length: COMMITS }, () => deltas(rows));
        await store.commit([commitOf(0, prepared[0] ?? [])]);
        const own = process.cpuUsage();
        const meter = new CpuMeter({ database: postgres.pid });
        for (let seq = 1; seq < COMMITS; seq++) await store.commit([commitOf(seq, prepared[seq] ?? [])]);
        const seconds = meter.elapsedSeconds();
        const { user, system } = process.cpuUsage(own);
        const commits = COMMITS - 1;
        return {
          'ms a commit': (seconds * 1000) / commits,
          'database CPU ms a commit': (meter.used().database * 1000) / commits,
          'processor CPU ms a commit': (user + system) / 1000 / commits,
          'database CPU µs a row': (meter.used().database * 1e6) / commits / rows,
        };
      } finally {
        await store.close();
      }
    },
  };
}

function commitOf(seq: number, tallies: readonly TallyDelta[]): Commit {
  return {
    partition: 0,
    expectedSeq: seq,
    token: `bench-${seq}`,
    positions: { [TOPICS.requests]: seq, [TOPICS.responses]: seq, [TOPICS.evaluations]: 0, [TOPICS.reports]: 0 },
    completeThroughMs: Date.now(),
    committedAtMs: Date.now(),
    checkpoint: null,
    ...NO_EFFECTS,
    tallies,
  };
}

try {
  const outcomes = await contest(ROWS.map(contestant), options.rounds);
  const name = `${ROWS.at(-1)} rows a commit`;
  const measured = spreadOf(metricOf(outcomes, name, 'database CPU µs a row'));
  report(
    {
      name: 'commit-cost',
      title: 'What a commit costs',
      method: `One connection commits ${COMMITS} times to the same minute and series, ${EVENTS_PER_ROW} calls a row with their histograms; minute, hour and day rows are written. fsync is on.`,
      outcomes,
      verdicts: [
        { question: 'a row of a large commit, database', goal: 'none', measured, unit: ' µs CPU', isMet: true },
      ],
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await postgres.stop();
}
