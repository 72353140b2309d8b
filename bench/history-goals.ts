import { parseArgs } from 'node:util';
import { shorten, spreadOf } from './measure/contest.ts';
import { questionCpuSeconds } from './measure/question-cost.ts';
import { report, type Verdict } from './measure/report.ts';
import { measureShortQuestions } from './measure/short-question.ts';
import { measureSparseBackfill, type SparseBackfill } from './measure/sparse-backfill.ts';
import { sumOf } from './measure/stored-bytes.ts';
import { programOf } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { type HistoryDirectory, historyDirectory } from './setup/history-directory.ts';
import type { Program } from './setup/program.ts';

/**
 * `npm run bench -- history-goals [--directory DIR] [--working-tree]`: what a month of 200 series costs, each line beside its
 * goal. Makes the history at the first run and keeps it for the next; then it takes some two minutes.
 */
const DAYS = 30;
/** Sent to a new program, and multiplied to a month. */
const SENT_DAYS = 3;

const QUESTIONS = [
  { name: 'summary, 30 days', goalSeconds: 0.03 },
  { name: 'step=5m, 7 days', goalSeconds: 0.3 },
  { name: 'step=5m, 30 days', goalSeconds: 1 },
  { name: 'step=1h, 30 days, by route', goalSeconds: 0.2 },
  { name: 'calls of 30 days, slowest first', goalSeconds: 0.01 },
];

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    'working-tree': { type: 'boolean', default: false },
    'no-keep': { type: 'boolean', default: false },
  },
});

async function questions(history: HistoryDirectory): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, goalSeconds } of QUESTIONS) {
    const measured = await questionCpuSeconds(history, name);
    const isMet = measured.median <= goalSeconds;
    verdicts.push({ question: name, goal: `≤ ${goalSeconds} CPU s`, measured, unit: ' CPU s', isMet });
  }
  return verdicts;
}

async function besideLongOnes(program: Program, { directory }: HistoryDirectory): Promise<Verdict> {
  const up = await RunningUp.start(program, {}, directory);
  try {
    const { 'p99 ms': p99Ms = Number.NaN } = await measureShortQuestions(up, {
      seconds: Number(values.seconds),
      longQuestions: 3,
    });
    const question = '`/v1/metrics` with defaults beside three questions about 30 days, p99';
    return { question, goal: '≤ 50 ms', measured: spreadOf([p99Ms]), unit: ' ms', isMet: p99Ms <= 50 };
  } finally {
    await up.stop('SIGTERM', true);
  }
}

function backfill({ cpuUsPerEvent, notReady, readyAsked, stored }: SparseBackfill): Verdict[] {
  const month = DAYS / SENT_DAYS;
  const rowsMb = month * (sumOf(stored.tables) - (stored.tables.get('calls') ?? 0));
  const verdict = (question: string, [value, goal]: readonly [number, number], unit: string): Verdict => ({
    question,
    goal: `≤ ${goal}${unit}`,
    measured: spreadOf([value]),
    unit,
    isMet: value <= goal,
  });
  return [
    verdict('backfill, each call a minute row of its own, an event', [cpuUsPerEvent, 15], ' CPU µs'),
    verdict(`the same: not ready, of ${readyAsked} times asked`, [notReady, 0], ''),
    verdict('rows on disk after 30 days of it, without single calls', [rowsMb, 150], ' MB'),
  ];
}

const program = await programOf(values['working-tree']);
const history = await historyDirectory(values.directory ?? null, DAYS);
const verdicts = await questions(history);
verdicts.push(await besideLongOnes(program, history));
const filled = await measureSparseBackfill(program, SENT_DAYS);
verdicts.push(...backfill(filled));
const { events, eventsPerSecond, stored } = filled;
for (const [table, mb] of stored.tables) if (mb >= 0.1) console.log(`${shorten(mb).padStart(8)} MB  ${table}`);
console.log(`${shorten(stored.log).padStart(8)} MB  the log`);
report(
  {
    name: 'history-goals',
    title: 'A month of 200 series',
    method: `An embedded store with ${DAYS} days of 200 series, one call per series and five minutes: CPU seconds of a question about one of its two tenants, from the store to the text of the answer, asked seven times after six that are not counted. Then ${SENT_DAYS} days of the same, sent to a new \`up\` as fast as it takes them: CPU of the program until all is counted, and what its tables hold, times ${DAYS / SENT_DAYS}. All rows of these are compared with the oracle.`,
    outcomes: new Map([
      [
        `${SENT_DAYS} days sent`,
        [{ events, 'events/s': eventsPerSecond, 'log MB': stored.log, 'calls MB': stored.tables.get('calls') ?? 0 }],
      ],
    ]),
    verdicts,
  },
  { commit: program.version, keep: !values['no-keep'] },
);
