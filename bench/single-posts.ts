import { freePorts } from '../scripts/services/free-ports.ts';
import { TOPICS } from '../src/events/topics.ts';
import { EventGenerator } from './data/event-generator.ts';
import { postRequest } from './load/http-connection.ts';
import { type LoadReport, sendAll } from './load/send-all.ts';
import { type Contestant, contest, type Measurement, metricOf, ratioOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type ChildProgram, startRole } from './setup/child-program.ts';
import { buildOriginal } from './setup/original.ts';
import { BenchKafka } from './setup/services.ts';

/**
 * Single-event POSTs on 128 keep-alive connections and batches of 500 as NDJSON, answered after acks=all. The original knows no
 * batches, so its figure for both goals is that of single POSTs.
 */
const CONNECTIONS = 128;
const BATCH_CONNECTIONS = 8;
const BATCH = 500;
const SINGLES = 60_000;
const BATCHED = 900_000;
/** So many come before what is measured: V8 compiles what is hot only after some thousand requests and 300,000 events. */
const WARM_UP = 20_000;
const BATCHED_WARM_UP = 300_000;

const options = await benchOptions();
const kafka = await BenchKafka.start();
let seed = 1;

/** Events that no earlier round has sent. */
function newTraffic(events: number): EventGenerator {
  const shape = { tenants: 5, routes: 4, models: 3, fromMs: Date.now() - 600_000, spanMs: 600_000 };
  return new EventGenerator({ seed: seed++, calls: Math.ceil(events / 2), ...shape });
}

function singles(events: number): Buffer[] {
  const paths = { request: '/v1/llm/request', response: '/v1/llm/response' };
  return Array.from(newTraffic(events).events(), ({ type, line }) =>
    postRequest(paths[type], 'application/json', Buffer.from(line)),
  );
}

function batches(events: number): Buffer[] {
  return Array.from(newTraffic(events).batches(BATCH), ({ body }) =>
    postRequest('/v1/llm/events', 'application/x-ndjson', body),
  );
}

interface Load {
  readonly events: number;
  readonly warmUp: Buffer[];
  readonly requests: Buffer[];
  readonly connections: number;
}

const singleLoad = (): Load => {
  const requests = singles(SINGLES * options.size);
  return { events: requests.length, warmUp: singles(WARM_UP * options.size), requests, connections: CONNECTIONS };
};

const batchLoad = (): Load => {
  const events = Math.ceil((BATCHED * options.size) / 2) * 2;
  return {
    events,
    warmUp: batches(BATCHED_WARM_UP * options.size),
    requests: batches(events),
    connections: BATCH_CONNECTIONS,
  };
};

async function measure(service: ChildProgram, port: number, load: Load): Promise<Measurement> {
  try {
    const target = { port, connections: load.connections, status: 202 };
    await sendAll(load.warmUp, target);
    const before = await recordsTaken();
    const meter = new CpuMeter({ service: service.pid, broker: kafka.pid });
    const sent: LoadReport = await sendAll(load.requests, target);
    const cpu = meter.used();
    const taken = (await recordsTaken()) - before;
    if (taken !== load.events) throw new Error(`${taken} records are on the topics instead of ${load.events}`);
    return {
      'events/s': load.events / sent.seconds,
      'events per CPU s (service + broker)': load.events / (cpu.service + cpu.broker),
      'CPU s per million, service': (cpu.service / load.events) * 1e6,
      'CPU s per million, broker': (cpu.broker / load.events) * 1e6,
      'p50 ms': sent.p50Ms,
      'p99 ms': sent.p99Ms,
      'peak MB': peakMemoryMbOf(service.pid),
    };
  } finally {
    await service.stop();
  }
}

async function recordsTaken(): Promise<number> {
  return (await kafka.recordCount(TOPICS.requests)) + (await kafka.recordCount(TOPICS.responses));
}

function streamLens(name: string, load: () => Load): Contestant {
  return {
    name,
    async run() {
      const [port = 0] = await freePorts(1);
      const env = { KAFKA_BROKERS: kafka.bootstrap, HTTP_PORT: String(port) };
      const readyUrl = `http://127.0.0.1:${port}/ready`;
      return measure(await startRole(options.program, 'ingestion-api', { env, readyUrl }), port, load());
    },
  };
}

async function theOriginal(checkout: string): Promise<Contestant> {
  const original = await buildOriginal(checkout);
  return {
    name: ORIGINAL,
    async run() {
      const [port = 0] = await freePorts(1);
      const env = { KAFKA_BROKERS: kafka.bootstrap, HTTP_PORT: String(port) };
      const readyUrl = `http://127.0.0.1:${port}/health`;
      return measure(await original.start('ingestion-api', { env, readyUrl }), port, singleLoad());
    },
  };
}

const ORIGINAL = 'original, single POSTs';
const SINGLE = 'StreamLens, single POSTs';
const BATCHES = 'StreamLens, batches of 500';
const PER_CPU = 'events per CPU s (service + broker)';

try {
  const peers = options.original === null ? [] : [await theOriginal(options.original)];
  const ours = [streamLens(SINGLE, singleLoad), streamLens(BATCHES, batchLoad)];
  // The broker compiles too, and whoever came first would be charged for it.
  await ours[0]?.run(0);
  const outcomes = await contest([...peers, ...ours], options.rounds);
  const single = ratioOf(outcomes, PER_CPU, { ours: SINGLE, theirs: ORIGINAL });
  const batch = ratioOf(outcomes, PER_CPU, { ours: BATCHES, theirs: ORIGINAL });
  const p99 = ratioOf(outcomes, 'p99 ms', { ours: SINGLE, theirs: ORIGINAL });
  const rate = spreadOf(metricOf(outcomes, BATCHES, 'events/s'));
  const verdicts: Verdict[] = [
    {
      question: 'single POSTs, events per CPU second',
      goal: '≥ 3 ×',
      measured: single,
      unit: ' ×',
      isMet: single.median >= 3,
    },
    { question: 'single POSTs, p99', goal: "≤ the original's", measured: p99, unit: ' ×', isMet: p99.median <= 1 },
    {
      question: 'batches, events per CPU second',
      goal: '≥ 25 ×',
      measured: batch,
      unit: ' ×',
      isMet: batch.median >= 25,
    },
    { question: 'batches, events/s', goal: 'none', measured: rate, unit: '/s', isMet: true },
  ];
  report(
    {
      name: 'single-posts',
      title: 'Ingestion into Kafka',
      method: `${CONNECTIONS} keep-alive connections with one event per POST, ${BATCH_CONNECTIONS} with NDJSON batches of ${BATCH}; half requests, half responses; acks=all, 12 partitions; after a warm-up of broker and service. The records on the topics are counted.`,
      outcomes,
      verdicts: peers.length === 0 ? [] : verdicts,
    },
    { commit: options.program.version, keep: options.keep && peers.length > 0 },
  );
} finally {
  await kafka.stop();
}
