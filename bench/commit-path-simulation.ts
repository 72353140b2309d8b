import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommitCost, CommitPath, type CommitPathOptions } from './capacity/commit-path.ts';
import { spreadOf } from './measure/contest.ts';
import { RESULTS, type StoredReport } from './measure/report.ts';
import { linePlot } from './plot/line-plot.ts';
import { ROOT } from './setup/program.ts';

/**
 * One Postgres and 1 to 256 processors: how stale rows become. A discrete-event simulation fed with the measured cost of commits
 * (`npm run bench -- commit-cost`); writes `docs/images/commit-path.svg` and prints the table of `docs/capacity.md`.
 */
const PROCESSORS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const COMMON = {
  commitsPerProcessor: 1,
  callsPerSecond: 20_000,
  coresPerStore: 16,
  flushMs: 1,
  commitIntervalMs: 100,
  seconds: 120,
};

interface Scenario {
  readonly name: string;
  readonly options: Pick<CommitPathOptions, 'series' | 'stores'> & Partial<CommitPathOptions>;
}

const SCENARIOS: readonly Scenario[] = [
  { name: '100 active series', options: { series: 100, stores: 1 } },
  { name: '1,000 active series', options: { series: 1_000, stores: 1 } },
  { name: '1,000, a commit a partition', options: { series: 1_000, stores: 1, commitsPerProcessor: 4 } },
  { name: '1,000 in 8 stores by tenant', options: { series: 125, stores: 8 } },
  { name: '1,000 in 64 stores by tenant', options: { series: 16, stores: 64 } },
];

/** Cost of a commit and of a row: a line through the measured points with 1 and with 1,000 rows. */
function measuredCost(): CommitCost {
  const file = join(RESULTS, 'commit-cost.json');
  if (!existsSync(file)) throw new Error('Measure first what a commit costs: npm run bench -- commit-cost');
  const { outcomes } = JSON.parse(readFileSync(file, 'utf8')) as StoredReport;
  const cpuMs = (rows: number): number =>
    spreadOf((outcomes[`${rows} rows a commit`] ?? []).map((each) => each['database CPU ms a commit'] ?? Number.NaN))
      .median;
  const databaseMsPerRow = (cpuMs(1000) - cpuMs(1)) / 999;
  return { databaseMsPerCommit: cpuMs(1) - databaseMsPerRow, databaseMsPerRow };
}

const cost = measuredCost();
console.log(
  `A commit costs the database ${cost.databaseMsPerCommit.toFixed(2)} ms and ${(cost.databaseMsPerRow * 1000).toFixed(0)} µs a row.\n`,
);
console.log('| processors | calls/s | scenario | commits/s | rows/s | database busy | stale p50 | stale p99 |');
console.log('|---|---|---|---|---|---|---|---|');
const lines = SCENARIOS.map(({ name, options }) => ({
  name,
  points: PROCESSORS.map((processors) => {
    const found = new CommitPath({ ...COMMON, ...options, cost, processors }).run();
    const figures = [found.commitsPerSecond, found.rowsPerSecond].map((value) =>
      Math.round(value).toLocaleString('en'),
    );
    const stale = [found.staleP50Ms, found.staleP99Ms].map((ms) => `${(ms / 1000).toFixed(2)} s`);
    const calls = (processors * COMMON.callsPerSecond).toLocaleString('en');
    console.log(
      `| ${[processors, calls, name, ...figures, `${Math.round(found.databaseBusy * 100)} %`, ...stale].join(' | ')} |`,
    );
    return [processors, found.staleP99Ms] as const;
  }),
}));
const plot = linePlot({
  title: 'One Postgres: how stale rows are (p99), by processors',
  xTitle: `processors, each ${COMMON.callsPerSecond.toLocaleString('en')} calls/s`,
  yTitle: 'ms from a call to its row, simulated',
  lines,
  limit: { y: 1000, name: 'promised: 1 s' },
});
mkdirSync(join(ROOT, 'docs/images'), { recursive: true });
writeFileSync(join(ROOT, 'docs/images/commit-path.svg'), plot);
