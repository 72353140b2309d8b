import { contest, metricOf, ratioOf, spreadOf } from './measure/contest.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type DrainGround, streamLensDrain } from './setup/drain-streamlens.ts';
import { drainTraffic } from './setup/drain-traffic.ts';
import { flinkDrain } from './setup/flink.ts';
import { kafkaStreamsDrain } from './setup/kafka-streams.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';
import { buildJavaPeer } from './setup/topic-peer.ts';

/** The same drain as `kafka-streams.ts` beside an Apache Flink application, and Kafka Streams in the same run. */
const CALLS = 1_000_000;
const OURS = 'StreamLens, metrics only';
const STREAMS = 'Kafka Streams, exactly_once_v2';
const FLINK_ROCKSDB = 'Flink, interval join, RocksDB, a checkpoint a second';
const FLINK_HEAP = 'Flink, interval join, heap, a checkpoint in 10 s';
const FLINK_ONCE = 'Flink, join written for it, heap, a checkpoint a second';
const FLINKS = [FLINK_ROCKSDB, FLINK_HEAP, FLINK_ONCE];
const ALL = 'records per CPU s (all)';

const options = await benchOptions();
const flink = await buildJavaPeer('flink');
const streams = await buildJavaPeer('kafka-streams');
const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();

try {
  const traffic = drainTraffic(CALLS * options.size);
  const records = await kafka.fill(traffic.events());
  const ground: DrainGround = { kafka, postgres, oracle: traffic.oracle, records };
  const env = { CALLS_PER_SECOND_MAX: '0' };
  const contestants = [
    flinkDrain(ground, flink, { name: FLINK_ROCKSDB, state: 'rocksdb', join: 'interval', checkpointMs: 1000 }),
    flinkDrain(ground, flink, { name: FLINK_HEAP, state: 'hashmap', join: 'interval', checkpointMs: 10_000 }),
    flinkDrain(ground, flink, { name: FLINK_ONCE, state: 'hashmap', join: 'once', checkpointMs: 1000 }),
    kafkaStreamsDrain(ground, streams, { name: STREAMS, guarantee: 'exactly_once_v2', store: 'rocksdb' }),
    streamLensDrain(ground, { program: options.program, processes: 1, name: OURS, env }),
  ];
  const outcomes = await contest(contestants, options.rounds);
  const medianOf = (name: string): number => spreadOf(metricOf(outcomes, name, ALL)).median;
  const better = [...FLINKS, STREAMS].reduce((a, b) => (medianOf(b) > medianOf(a) ? b : a));
  const besideFlink = FLINKS.map((theirs): Verdict => {
    const measured = ratioOf(outcomes, ALL, { ours: OURS, theirs });
    const question = `drain beside ${theirs}, records per CPU second with broker and database`;
    return { question, goal: 'none', measured, unit: ' ×', isMet: true };
  });
  const measured = ratioOf(outcomes, ALL, { ours: OURS, theirs: better });
  const question = `drain beside the better of Flink and Kafka Streams (${better}), records per CPU second with broker and database`;
  report(
    {
      name: 'flink',
      title: 'Beside Apache Flink',
      method: `${records} records from 12 partitions, 60 series, 30 minutes of event time. Flink 2.3 in one process (MiniCluster, 2 slots, 2 GB heap and 512 MB for RocksDB): Kafka sources, interval join, or a function that keeps only the half that waits, 1-minute windows with a log histogram, each changed window shown once a second, exactly-once checkpoints into a topic; serializers and parsers of its own, objects reused. Kafka Streams as in its own section. All rows are compared with the oracle.`,
      outcomes,
      verdicts: [{ question, goal: '≥ 5 ×', measured, unit: ' ×', isMet: measured.median >= 5 }, ...besideFlink],
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
