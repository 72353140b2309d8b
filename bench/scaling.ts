import { contest, ratioOf } from './measure/contest.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type DrainGround, SECOND_HALF, streamLensDrain } from './setup/drain-streamlens.ts';
import { drainTraffic } from './setup/drain-traffic.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';

/**
 * One, two and three processors share the partitions of one drain. It is three times as long as that of `drain.ts`: a process takes
 * 1.2 CPU s to start and 1.8 until V8 has compiled what is hot, which would be a third of all in a third of two million records. What a
 * record takes once that is over, the second half of the drain shows.
 */
const CALLS = 3_000_000;

const options = await benchOptions();
const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();
const nameOf = (processes: number): string => `${processes} processor${processes === 1 ? '' : 's'}`;

try {
  const traffic = drainTraffic(CALLS * options.size);
  const records = await kafka.fill(traffic.events());
  const ground: DrainGround = { kafka, postgres, oracle: traffic.oracle, records };
  const env = { CALLS_PER_SECOND_MAX: '0' };
  const contestants = [1, 2, 3].map((processes) =>
    streamLensDrain(ground, {
      program: options.program,
      processes,
      name: nameOf(processes),
      env,
      showsSecondHalf: true,
    }),
  );
  const outcomes = await contest(contestants, options.rounds);
  const verdicts = [2, 3].flatMap((processes) =>
    [
      { metric: 'records per CPU s (app)', part: 'with their start' },
      { metric: SECOND_HALF, part: 'in the second half' },
    ].map(({ metric, part }): Verdict => {
      const measured = ratioOf(outcomes, metric, { ours: nameOf(processes), theirs: nameOf(1) });
      const question = `${processes} processors, records per CPU second beside one, ${part}`;
      return { question, goal: '≥ 0.9 ×', measured, unit: ' ×', isMet: measured.median >= 0.9 };
    }),
  );
  report(
    {
      name: 'scaling',
      title: 'Several processors',
      method: `${records} records from 12 partitions that one, two and three processes share; each process is started when the one before is ready. CPU seconds of all processes together, starts included, and for the second half by itself, from what the processes had read by then. Every row is compared with the oracle.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
