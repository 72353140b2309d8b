import { parseArgs } from 'node:util';
import { type Measurement, spreadOf } from './measure/contest.ts';
import { report } from './measure/report.ts';
import { measureShortQuestions } from './measure/short-question.ts';
import { programOf } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { historyDirectory } from './setup/history-directory.ts';

/**
 * `npm run bench -- questions [--directory DIR] [--seconds 30] [--working-tree]`: how long does a short question wait while
 * three long ones are answered all the time? With a history of 30 days, which is made at the first run and kept.
 */
const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    days: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '30' },
    'working-tree': { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const program = await programOf(values['working-tree']);
const { directory } = await historyDirectory(values.directory ?? null, Number(values.days));

const up = await RunningUp.start(program, {}, directory);
const outcomes = new Map<string, Measurement[]>();
try {
  outcomes.set('alone', [await measureShortQuestions(up, { seconds, longQuestions: 0 })]);
  outcomes.set('beside three long ones', [await measureShortQuestions(up, { seconds, longQuestions: 3 })]);
} finally {
  await up.stop('SIGTERM', true);
}
const measured = spreadOf((outcomes.get('beside three long ones') ?? []).map((each) => each['p99 ms'] ?? Number.NaN));
report(
  {
    name: 'questions',
    title: 'A short question beside long ones',
    method: `The newest 60 rows of a tenant (\`/v1/metrics\` with defaults), again and again, of an embedded store with ${values.days} days of 200 series to which 500 events a second are added; beside it three questions about 30 days at a time, without a pause.`,
    outcomes,
    verdicts: [
      {
        question: 'a short question beside three long ones, p99',
        goal: '≤ 50 ms',
        measured,
        unit: ' ms',
        isMet: measured.median <= 50,
      },
    ],
  },
  { commit: program.version, keep: false },
);
