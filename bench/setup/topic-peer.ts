import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assertEqual, type ExpectedRow } from '../data/oracle.ts';
import type { Contestant } from '../measure/contest.ts';
import { CpuMeter, cpuSecondsOf, peakMemoryMbOf } from '../measure/process-usage.ts';
import { type ChildOptions, ChildProgram } from './child-program.ts';
import { type DrainGround, drainMeasurement } from './drain-streamlens.ts';
import { ROOT } from './program.ts';
import type { BenchKafka } from './services.ts';
import { TopicReader } from './topic-reader.ts';

const HEAP = '-Xmx2g';
const DRAIN_MS_MAX = 1_800_000;

/** Builds `bench/peers/NAME` with Maven. @returns its class path */
export async function buildJavaPeer(name: string): Promise<string> {
  const directory = join(ROOT, 'bench/peers', name);
  const libraries = join(tmpdir(), `streamlens-bench-${name}-libraries`);
  const goals = ['-q', '-B', 'package', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`];
  await promisify(execFile)('mvn', goals, { cwd: directory, timeout: 600_000 });
  return `${join(directory, `target/bench-${name}-1.jar`)}:${join(libraries, '*')}`;
}

/** How to call a Java program of 2 GB. */
export function javaCall(classPath: string, words: readonly string[]): ChildOptions {
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  return { program: 'java', options: [HEAP, logging, '-cp', classPath, 'streamlens.bench.CallMetrics', ...words] };
}

/** Under the oracle's key. */
export interface PeerRow {
  readonly key: string;
  readonly row: Readonly<Record<string, number>>;
}

/** A record whose key is the oracle's. */
export function readJsonRow({ key, value }: { readonly key: string; readonly value: string }): PeerRow {
  return { key, row: JSON.parse(value) as Record<string, number> };
}

/** A peer that reads our topics and writes rows of JSON into a topic, newer ones in the place of older ones. */
export interface TopicPeer {
  readonly name: string;
  /** Names its topic, which is `<application>.metrics`, and its place in Kafka: letters, digits, `.` and `-`. */
  readonly application: string;
  /** What one record says; null where it says nothing new. */
  readonly read: (record: { readonly key: string; readonly value: string }) => PeerRow | null;
  call(place: { readonly bootstrap: string; readonly directory: string; readonly application: string }): ChildOptions;
}

/** The peer drains the topics; its newest rows are compared with the oracle. */
export function topicPeerDrain(ground: DrainGround, peer: TopicPeer): Contestant {
  const { name } = peer;
  const { kafka, postgres, oracle } = ground;
  return {
    name,
    async run(round) {
      const application = `${peer.application}-${round}`;
      const output = `${application}.metrics`;
      await kafka.createTopic(output);
      const directory = mkdtempSync(join(tmpdir(), 'streamlens-bench-peer-'));
      const meter = new CpuMeter({ broker: kafka.pid, database: postgres.pid });
      const service = await ChildProgram.start(peer.call({ bootstrap: kafka.bootstrap, directory, application }));
      try {
        const rows = new Map<string, Partial<ExpectedRow>>();
        await readUntilComplete({ peer, kafka, output, rows, calls: oracle.total('completed') }, service);
        const seconds = meter.elapsedSeconds();
        const cpu = { ...meter.used(), app: cpuSecondsOf(service.pid) };
        assertEqual(name, oracle, rows);
        return drainMeasurement(ground, cpu, { seconds, peakMb: peakMemoryMbOf(service.pid) });
      } finally {
        await service.stop('SIGKILL');
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

interface Reading {
  readonly peer: TopicPeer;
  readonly kafka: BenchKafka;
  readonly output: string;
  readonly rows: Map<string, Partial<ExpectedRow>>;
  readonly calls: number;
}

/** Follows the output topic until all calls are in its rows. @throws where it takes too long or the peer has ended */
async function readUntilComplete({ peer, kafka, output, rows, calls }: Reading, service: ChildProgram): Promise<void> {
  const reader = new TopicReader(kafka.log, output);
  const giveUpAtMs = performance.now() + DRAIN_MS_MAX;
  let counted = 0;
  while (counted < calls) {
    if (performance.now() > giveUpAtMs || !service.isRunning)
      throw new Error(`${peer.name} counted ${counted} of ${calls}:\n${service.log}`);
    for (const record of await reader.next()) {
      const found = peer.read(record);
      if (found === null) continue;
      const { key, row } = found;
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
