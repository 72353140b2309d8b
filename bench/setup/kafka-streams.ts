import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { assertEqual, type ExpectedRow } from '../data/oracle.ts';
import type { Contestant } from '../measure/contest.ts';
import { CpuMeter, cpuSecondsOf, peakMemoryMbOf } from '../measure/process-usage.ts';
import { ChildProgram } from './child-program.ts';
import { type DrainGround, drainMeasurement } from './drain-streamlens.ts';
import { ROOT } from './program.ts';
import { type BenchKafka, PARTITIONS } from './services.ts';
import { TopicReader } from './topic-reader.ts';

export interface StreamsSetup {
  readonly name: string;
  readonly guarantee: 'exactly_once_v2' | 'at_least_once';
  readonly store: 'rocksdb' | 'memory';
}

const HEAP = '-Xmx2g';
const DRAIN_MS_MAX = 1_800_000;

/** Builds the application with Maven. @returns its class path */
export async function buildKafkaStreams(): Promise<string> {
  const directory = join(ROOT, 'bench/peers/kafka-streams');
  const libraries = join(tmpdir(), 'streamlens-bench-streams-libraries');
  const goals = ['-q', '-B', 'package', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`];
  await promisify(execFile)('mvn', goals, { cwd: directory, timeout: 600_000 });
  return `${join(directory, 'target/bench-kafka-streams-1.jar')}:${join(libraries, '*')}`;
}

/** The Kafka Streams application drains the topics; its newest rows are compared with the oracle. */
export function kafkaStreamsDrain(ground: DrainGround, classPath: string, setup: StreamsSetup): Contestant {
  const { name, guarantee, store } = setup;
  const { kafka, postgres, oracle } = ground;
  return {
    name,
    async run(round) {
      const application = `streams-${guarantee}-${store}-${round}`;
      const output = `${application}.metrics`;
      await createTopic(kafka, output);
      const state = mkdtempSync(join(tmpdir(), 'streamlens-bench-streams-'));
      const meter = new CpuMeter({ broker: kafka.pid, database: postgres.pid });
      const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
      const words = [kafka.bootstrap, guarantee, store, state, application];
      const service = await ChildProgram.start({
        program: 'java',
        options: [HEAP, logging, '-cp', classPath, 'streamlens.bench.CallMetrics', ...words],
      });
      try {
        const rows = new Map<string, Partial<ExpectedRow>>();
        await readUntilComplete({ kafka, output, rows, calls: oracle.total('completed') }, service);
        const seconds = meter.elapsedSeconds();
        const cpu = { ...meter.used(), app: cpuSecondsOf(service.pid) };
        assertEqual(name, oracle, rows);
        return drainMeasurement(ground, cpu, { seconds, peakMb: peakMemoryMbOf(service.pid) });
      } finally {
        await service.stop('SIGKILL');
        rmSync(state, { recursive: true, force: true });
      }
    },
  };
}

interface Reading {
  readonly kafka: BenchKafka;
  readonly output: string;
  readonly rows: Map<string, Partial<ExpectedRow>>;
  readonly calls: number;
}

/** Follows the output topic until all calls are in its rows. */
async function readUntilComplete({ kafka, output, rows, calls }: Reading, service: ChildProgram): Promise<void> {
  const reader = new TopicReader(kafka.log, output);
  const giveUpAtMs = performance.now() + DRAIN_MS_MAX;
  let counted = 0;
  while (counted < calls) {
    if (performance.now() > giveUpAtMs)
      throw new Error(`Kafka Streams counted ${counted} of ${calls}:\n${service.log}`);
    for (const { key, value } of await reader.next()) {
      const row = JSON.parse(value) as Record<string, number>;
      counted += (row['requests'] ?? 0) - (rows.get(key)?.completed ?? 0);
      // It knows a call only when it has joined.
      rows.set(key, {
        completed: row['requests'] ?? 0,
        errors: row['errors'] ?? 0,
        promptTokens: row['prompt_tokens'] ?? 0,
        completionTokens: row['completion_tokens'] ?? 0,
      });
    }
  }
}

async function createTopic(kafka: BenchKafka, topic: string): Promise<void> {
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers: [kafka.bootstrap] });
  try {
    await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 });
  } finally {
    await admin.close();
  }
}
