import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { showSpread } from './measure/contest.ts';
import { RESULTS, type StoredReport, tableOf } from './measure/report.ts';
import { type Ratio, ratioPlot } from './plot/ratio-plot.ts';
import { timePlot } from './plot/time-plot.ts';
import { ROOT } from './setup/program.ts';

/** Writes `bench/RESULTS.md` and `docs/images/bench.svg` from what the questions left in `bench/results/`. */
const ORDER = [
  'single-posts',
  'http-floor',
  'drain',
  'kafka-streams',
  'flink',
  'pathway',
  'embedded',
  'freshness',
  'query',
  'questions',
  'history-goals',
  'dimensions',
  'otlp',
  'phoenix',
  'write-amplification',
  'scaling',
  'start-and-memory',
  'recovery',
  'take-over',
  'soak',
  'bill',
  'commit-cost',
];

interface PlottedRatio {
  readonly name: string;
  /** Of its verdicts. */
  readonly verdict: number;
  readonly label: string;
  readonly peer: string;
  readonly goal: number;
}

const PLOTTED: readonly PlottedRatio[] = [
  { name: 'single-posts', verdict: 0, label: 'Single events over HTTP', peer: 'the original (Go)', goal: 3 },
  {
    name: 'single-posts',
    verdict: 2,
    label: 'Batches of 500 over HTTP',
    peer: 'the original, single events',
    goal: 25,
  },
  { name: 'drain', verdict: 0, label: 'Processor, Kafka to Postgres', peer: 'the original (Go, not exact)', goal: 1.5 },
  {
    name: 'kafka-streams',
    verdict: 0,
    label: 'Processor, Kafka to Postgres',
    peer: 'Kafka Streams, exactly once',
    goal: 12,
  },
  { name: 'query', verdict: 0, label: 'Queries asked again', peer: 'the original (Go)', goal: 2 },
  { name: 'otlp', verdict: 0, label: 'OTLP spans into Kafka', peer: 'OTel Collector, in memory', goal: 1 },
  { name: 'phoenix', verdict: 0, label: 'OTLP spans until readable', peer: 'Arize Phoenix, SQLite', goal: 1 },
];

const reports = new Map(
  ORDER.filter((name) => existsSync(join(RESULTS, `${name}.json`))).map((name) => [
    name,
    JSON.parse(readFileSync(join(RESULTS, `${name}.json`), 'utf8')) as StoredReport,
  ]),
);

function goals(): string[] {
  const verdicts = [...reports.values()].flatMap((found) => found.verdicts).filter(({ goal }) => goal !== 'none');
  const rows = verdicts.map(
    ({ question, goal, measured, unit, isMet }) =>
      `| ${question} | ${goal} | ${showSpread(measured)}${unit} | ${isMet ? 'met' : '**missed**'} |`,
  );
  return ['| question | goal | measured: median (lowest–highest) | |', '|---|---|---|---|', ...rows];
}

/** What goes over time is drawn beside its table. */
function plotOf({ name, title, outcomes }: StoredReport): string[] {
  if (name !== 'soak') return [];
  const samples = Object.values(outcomes).flat();
  const line = (metric: string) => ({ name: metric, values: samples.map((sample) => sample[metric] ?? Number.NaN) });
  const svg = timePlot({
    title,
    minutes: samples.map((sample) => sample['minute'] ?? 0),
    panels: [
      { title: 'Memory, MB', lines: [line('memory MB')] },
      {
        title: 'Until an event is readable, ms',
        lines: [line('readable after, highest ms'), line('readable after, p50 ms')],
      },
      { title: 'A question of a live page, ms', lines: [line('question p99 ms'), line('question p50 ms')] },
    ],
  });
  writeFileSync(join(ROOT, 'docs/images/soak.svg'), svg);
  return [`![${title}: memory, freshness and questions by minute](../docs/images/soak.svg)`, ''];
}

function section(found: StoredReport): string[] {
  const { title, method, command, commit, machine, measuredAt, outcomes } = found;
  const where = `${machine}; commit ${commit}; ${measuredAt.slice(0, 16).replace('T', ' ')} UTC`;
  return [
    `## ${title}`,
    '',
    method,
    '',
    `\`${command}\` · ${where}`,
    '',
    tableOf(new Map(Object.entries(outcomes))),
    '',
    ...plotOf(found),
  ];
}

const ratios = PLOTTED.flatMap(({ name, verdict, label, peer, goal }): Ratio[] => {
  const measured = reports.get(name)?.verdicts[verdict]?.measured;
  return measured === undefined ? [] : [{ label, peer, goal, measured }];
});
const findings = readFileSync(join(ROOT, 'bench/findings.md'), 'utf8');
const lines = [
  '# Results of the benchmarks',
  '',
  [
    'Made by `npm run bench -- render-results` from `bench/results/`; do not edit. Everything of one table was measured in one run, the',
    'contestants taking turns; compare only within a table. Per cell: median (lowest–highest) of the rounds. CPU seconds are those of the',
    'whole process tree from `/proc`; the load generator shares the cores and is not counted.',
  ].join(' '),
  '',
  '![Work per CPU second beside the peers](../docs/images/bench.svg)',
  '',
  '## Goals',
  '',
  ...goals(),
  '',
  findings,
  ...[...reports.values()].flatMap(section),
];
writeFileSync(join(ROOT, 'bench/RESULTS.md'), `${lines.join('\n').trimEnd()}\n`);
mkdirSync(join(ROOT, 'docs/images'), { recursive: true });
writeFileSync(join(ROOT, 'docs/images/bench.svg'), ratioPlot('Work per CPU second beside the peers', ratios));
console.log(`${reports.size} results, ${ratios.length} bars.`);
