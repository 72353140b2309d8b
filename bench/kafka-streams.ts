import { contest, ratioOf } from './measure/contest.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type DrainGround, streamLensDrain } from './setup/drain-streamlens.ts';
import { drainTraffic } from './setup/drain-traffic.ts';
import { kafkaStreamsDrain } from './setup/kafka-streams.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';
import { buildJavaPeer } from './setup/topic-peer.ts';

/** The same drain as `drain.ts` beside a Kafka Streams application that does the same job. */
const CALLS = 1_000_000;
const OURS = 'StreamLens, metrics only';
const EXACTLY_ONCE = 'Kafka Streams, exactly_once_v2';
const AT_LEAST_ONCE = 'Kafka Streams, at_least_once';

const options = await benchOptions();
const classPath = await buildJavaPeer('kafka-streams');
const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();

try {
  const traffic = drainTraffic(CALLS * options.size);
  const records = await kafka.fill(traffic.events());
  const ground: DrainGround = { kafka, postgres, oracle: traffic.oracle, records };
  const env = { CALLS_PER_SECOND_MAX: '0' };
  const contestants = [
    kafkaStreamsDrain(ground, classPath, { name: EXACTLY_ONCE, guarantee: 'exactly_once_v2', store: 'rocksdb' }),
    kafkaStreamsDrain(ground, classPath, { name: AT_LEAST_ONCE, guarantee: 'at_least_once', store: 'rocksdb' }),
    streamLensDrain(ground, { program: options.program, processes: 1, name: OURS, env }),
  ];
  const outcomes = await contest(contestants, options.rounds);
  const verdicts = (['app', 'all'] as const).map((scope): Verdict => {
    const measured = ratioOf(outcomes, `records per CPU s (${scope})`, { ours: OURS, theirs: EXACTLY_ONCE });
    const what = scope === 'app' ? 'the application alone' : 'with broker and database';
    const question = `drain beside Kafka Streams (exactly_once_v2), records per CPU second, ${what}`;
    return { question, goal: '≥ 12 ×', measured, unit: ' ×', isMet: measured.median >= 12 };
  });
  report(
    {
      name: 'kafka-streams',
      title: 'Beside Kafka Streams',
      method: `${records} records from 12 partitions, 60 series, 30 minutes of event time. Kafka Streams 4.3: stream-stream join, 1-minute windows with a log histogram, RocksDB, 2 threads, 2 GB heap, a commit a second. All rows of all three are compared with the oracle.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
