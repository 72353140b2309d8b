import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../scripts/services/free-ports.ts';
import { EventGenerator } from './data/event-generator.ts';
import { type Contestant, contest, metricOf, spreadOf } from './measure/contest.ts';
import { memoryMbOf, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type ChildProgram, startRole } from './setup/child-program.ts';
import { RunningUp } from './setup/embedded.ts';
import { fillEmbedded } from './setup/fill-embedded.ts';
import { scraped } from './setup/scraped.ts';
import { BenchKafka, BenchPostgres, PARTITIONS } from './setup/services.ts';
import { committedRecords, withDatabase } from './setup/stored-rows.ts';
import { until } from './setup/until.ts';

/** A million calls inside the dedup horizon, then `kill -9`: how long from the start until everything is recovered; and memory with open joins. */
const CALLS = 1_000_000;
/** The broker must notice that the killed member is gone. */
const SESSION_MS = 8_000;
const TENANTS = 5;

const options = await benchOptions();
const calls = Math.ceil(CALLS * options.size);

function traffic(seed: number, isOpen: boolean): EventGenerator {
  const shape = { tenants: TENANTS, routes: 4, models: 3, fromMs: Date.now() - 600_000, spanMs: 600_000 };
  return new EventGenerator({ seed, calls, missing: isOpen ? 1 : 0, ...shape });
}

async function isRecovered(port: number, partitions: number): Promise<boolean> {
  const took = await scraped(port, 'streamlens_recovery_duration_seconds').catch(() => new Map());
  return took.size >= partitions;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

function embedded(name: string, isOpen: boolean): Contestant {
  return {
    name,
    async run(round) {
      let up = await RunningUp.start(options.program);
      try {
        const idleMb = memoryMbOf(up.service.pid);
        await fillEmbedded(up, traffic(round * 2 + (isOpen ? 1 : 0), isOpen));
        await up.untilCounted(TENANTS, 'requests', calls);
        if (!isOpen) await up.untilReadable(TENANTS, calls);
        const filledMb = memoryMbOf(up.service.pid);
        await up.stop('SIGKILL', true);
        const seconds = await timed(async () => {
          up = await RunningUp.start(options.program, {}, up.directory);
          await until('it is recovered', () => isRecovered(up.metricsPort, 1), { everyMs: 20 });
        });
        return { 's from start to ready': seconds, ...memories(up.service.pid, { idleMb, filledMb }) };
      } finally {
        await up.stop('SIGKILL');
      }
    },
  };
}

const memories = (pid: number, before: { idleMb: number; filledMb: number }) => ({
  'MB idle': before.idleMb,
  'MB with all of it': before.filledMb,
  'MB after recovery': memoryMbOf(pid),
  'peak MB of recovery': peakMemoryMbOf(pid),
});

/** A broker and a database of its own each time, so that every horizon holds its own calls only. */
function distributed(name: string, isOpen: boolean): Contestant {
  return {
    name,
    async run(round) {
      const kafka = await BenchKafka.start();
      const postgres = await BenchPostgres.start();
      let processor: ChildProgram | null = null;
      try {
        const [port = 0] = await freePorts(1);
        const dsn = await postgres.newDatabase();
        const env = { KAFKA_BROKERS: kafka.bootstrap, POSTGRES_DSN: dsn, HTTP_PORT: String(port) };
        const start = (): Promise<ChildProgram> => startRole(options.program, 'metrics-processor', { env });
        processor = await start();
        await until('all partitions are taken', () => isRecovered(port, PARTITIONS));
        const idleMb = memoryMbOf(processor.pid);
        const records = await kafka.fill(traffic(round, isOpen).events());
        await withDatabase(dsn, (client) =>
          until('all is committed', async () => (await committedRecords(client)) === records),
        );
        const filledMb = memoryMbOf(processor.pid);
        await processor.stop('SIGKILL');
        await sleep(SESSION_MS);
        const seconds = await timed(async () => {
          processor = await start();
          await until('it is recovered', () => isRecovered(port, PARTITIONS), { everyMs: 20 });
        });
        return { 's from start to ready': seconds, ...memories(processor.pid, { idleMb, filledMb }) };
      } finally {
        await processor?.stop('SIGKILL');
        await kafka.stop();
        await postgres.stop();
      }
    },
  };
}

const KINDS = [
  { name: 'embedded', make: embedded },
  { name: 'Kafka and Postgres', make: distributed },
] as const;
const answered = (name: string): string => `${name}, all calls answered`;
const open = (name: string): string => `${name}, all joins open`;

const contestants = KINDS.flatMap(({ name, make }) => [make(answered(name), false), make(open(name), true)]);
const outcomes = await contest(contestants, options.rounds);
const verdicts = KINDS.flatMap(({ name }): Verdict[] => {
  const seconds = spreadOf(metricOf(outcomes, answered(name), 's from start to ready'));
  const mb = spreadOf(metricOf(outcomes, open(name), 'MB with all of it'));
  return [
    {
      question: `recovery with 1,000,000 calls, ${name}`,
      goal: '≤ 10 s',
      measured: seconds,
      unit: ' s',
      isMet: seconds.median <= 10,
    },
    {
      question: `memory with 1,000,000 open joins, ${name}`,
      goal: '< 300 MB',
      measured: mb,
      unit: ' MB',
      isMet: mb.median < 300,
    },
  ];
});
report(
  {
    name: 'recovery',
    title: 'Recovery, and memory of open joins',
    method: `${calls} calls within the dedup horizon of 15 minutes are counted, then the process is killed and started again, until every partition says that it is recovered. On Kafka the start is ${SESSION_MS / 1000} s after the kill, when the broker has noticed it.`,
    outcomes,
    verdicts,
  },
  { commit: options.program.version, keep: options.keep },
);
