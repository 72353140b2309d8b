import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../scripts/services/free-ports.ts';
import { type Contestant, contest, metricOf, ratioOf, type Spread, spreadOf } from './measure/contest.ts';
import { CpuMeter, cpuSecondsOf, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type DrainGround, drainMeasurement, streamLensDrain } from './setup/drain-streamlens.ts';
import { drainTraffic } from './setup/drain-traffic.ts';
import { GroupLag } from './setup/group-lag.ts';
import { buildOriginal } from './setup/original.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';
import { originalCalls } from './setup/stored-rows.ts';
import { until } from './setup/until.ts';

/** One process drains a million requests and a million responses of 12 partitions into an empty database. */
const CALLS = 1_000_000;
/** The original writes a window when a timer finds it a minute old; two of its minutes show all that it ever writes. */
const ORIGINAL_WRITES_MS = 125_000;

const options = await benchOptions();
const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();

const ORIGINAL = 'original';
const OURS = 'StreamLens, metrics only';
const WITH_CALLS = 'StreamLens, calls kept too';

async function theOriginal(ground: DrainGround, checkout: string): Promise<Contestant> {
  const original = await buildOriginal(checkout);
  return {
    name: ORIGINAL,
    async run(round) {
      const dsn = await postgres.newDatabase();
      await original.createTables(dsn);
      const [port = 0] = await freePorts(1);
      const group = `original-${round}`;
      const env = { KAFKA_BROKERS: kafka.bootstrap, POSTGRES_DSN: dsn, CONSUMER_GROUP: group, HTTP_PORT: String(port) };
      const meter = new CpuMeter({ broker: kafka.pid, database: postgres.pid });
      const service = await original.start('metrics-processor', { env });
      const lag = new GroupLag(kafka.bootstrap, group);
      try {
        await until('the original has read all', async () => (await lag.committed()) === ground.records);
        const seconds = meter.elapsedSeconds();
        const cpu = { ...meter.used(), app: cpuSecondsOf(service.pid) };
        // It differs from the oracle in every run; once is enough to say by how much.
        const isLast = round === options.rounds - 1;
        if (isLast) await sleep(ORIGINAL_WRITES_MS);
        const measured = drainMeasurement(ground, cpu, { seconds, peakMb: peakMemoryMbOf(service.pid) });
        return isLast ? { ...measured, 'calls counted': await originalCalls(dsn) } : measured;
      } finally {
        await lag.close();
        await service.stop();
      }
    },
  };
}

try {
  const traffic = drainTraffic(CALLS * options.size);
  const records = await kafka.fill(traffic.events());
  const ground: DrainGround = { kafka, postgres, oracle: traffic.oracle, records };
  const peers = options.original === null ? [] : [await theOriginal(ground, options.original)];
  const drain = { program: options.program, processes: 1 };
  const ours = [
    streamLensDrain(ground, { ...drain, name: OURS, env: { CALLS_PER_SECOND_MAX: '0' } }),
    streamLensDrain(ground, { ...drain, name: WITH_CALLS }),
  ];
  const outcomes = await contest([...peers, ...ours], options.rounds);
  const [ratio, withCalls] = [OURS, WITH_CALLS].map((name) =>
    ratioOf(outcomes, 'records per CPU s (app)', { ours: name, theirs: ORIGINAL }),
  ) as [Spread, Spread];
  const peakMb = spreadOf([OURS, WITH_CALLS].flatMap((name) => metricOf(outcomes, name, 'peak MB')));
  const verdicts: Verdict[] = [
    {
      question: 'drain, records per CPU second',
      goal: '≥ 1.5 × the original',
      measured: ratio,
      unit: ' ×',
      isMet: ratio.median >= 1.5,
    },
    {
      question: 'drain with single calls kept, records per CPU second',
      goal: 'none',
      measured: withCalls,
      unit: ' ×',
      isMet: true,
    },
    { question: 'drain, peak memory', goal: '≤ 500 MB', measured: peakMb, unit: ' MB', isMet: peakMb.max <= 500 },
  ];
  report(
    {
      name: 'drain',
      title: 'One processor draining Kafka into Postgres',
      method: `${records} records from 12 partitions, 60 series, 30 minutes of event time, from the start of the process until everything is committed. The original and Kafka Streams keep no single calls, so StreamLens is shown without them (CALLS_PER_SECOND_MAX=0) and with its default, 1,000 a second and partition. Every row of StreamLens is compared with the oracle.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep && peers.length > 0 },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
