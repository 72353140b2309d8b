import { freePorts } from '../scripts/services/free-ports.ts';
import { TOPICS } from '../src/events/topics.ts';
import { countSpans } from './data/count-spans.ts';
import { assertEqual } from './data/oracle.ts';
import { postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { type Contestant, contest, type Measurement, ratioOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { startRole } from './setup/child-program.ts';
import { buildCollector, CountingCollector, intoTopic, RunningCollector } from './setup/collector.ts';
import { RunningUp } from './setup/embedded.ts';
import { type SpanBodies, spanBodies } from './setup/model-spans.ts';
import { BenchKafka } from './setup/services.ts';
import { TopicReader } from './setup/topic-reader.ts';
import { until } from './setup/until.ts';

/** OTLP over HTTP in protobuf: 256 model spans a body, 16 connections. */
const SPANS_PER_BODY = 256;
const BODIES = 500;
/** Sent before anything is measured, so that no contestant is measured while it compiles. */
const WARM_UP_BODIES = 50;
const CONNECTIONS = 16;
const TENANTS = 5;

const COLLECTOR = 'OpenTelemetry Collector, spanmetrics';
const COLLECTOR_INTO_KAFKA = 'OpenTelemetry Collector, into Kafka';
const INTO_KAFKA = 'StreamLens ingestion API, into Kafka';
const EMBEDDED = 'StreamLens up, until readable';

const options = await benchOptions();
const kafka = await BenchKafka.start();
const collector = await buildCollector();
const collectorWithKafka = await buildCollector('kafka');
const bodyCount = Math.ceil(BODIES * options.size);

const warmUpCount = Math.ceil(WARM_UP_BODIES * options.size);
const measuredSpans = bodyCount * SPANS_PER_BODY;

const newBodies = (round: number, name: string): SpanBodies =>
  spanBodies({ seed: round * 10 + name.length, bodies: warmUpCount + bodyCount, spansPerBody: SPANS_PER_BODY });

function requestsOf({ bodies }: SpanBodies): { warmUp: Buffer[]; measured: Buffer[] } {
  const requests = bodies.map((body) => postRequest('/v1/traces', 'application/x-protobuf', body));
  return { warmUp: requests.slice(0, warmUpCount), measured: requests.slice(warmUpCount) };
}

const sendBodies = (requests: readonly Buffer[], port: number) =>
  sendAll(requests, { port, connections: CONNECTIONS, status: 200 });

function measurementOf(seconds: number, cpu: { own: number; all: number }, peakMb: number): Measurement {
  const spans = measuredSpans;
  return {
    'spans/s': spans / seconds,
    'spans per CPU s': spans / cpu.own,
    'spans per CPU s, with broker': spans / cpu.all,
    'CPU s per million spans': (cpu.own / spans) * 1e6,
    'CPU s per million, with broker': (cpu.all / spans) * 1e6,
    'peak MB': peakMb,
  };
}

const theCollector: Contestant = {
  name: COLLECTOR,
  async run(round) {
    const load = newBodies(round, COLLECTOR);
    const counting = await CountingCollector.start(collector);
    const { service, port } = counting.running;
    try {
      const { warmUp, measured } = requestsOf(load);
      await sendBodies(warmUp, port);
      const warmUpSpans = warmUp.length * SPANS_PER_BODY;
      await until('the collector has sent the counts of the warm-up', async () => counting.spans >= warmUpSpans);
      const meter = new CpuMeter({ own: service.pid });
      await sendBodies(measured, port);
      await until('the collector has sent all counts', async () => counting.spans >= load.spans);
      if (counting.spans !== load.spans)
        throw new Error(`The collector counted ${counting.spans} of ${load.spans} spans`);
      const { own } = meter.used();
      return measurementOf(meter.elapsedSeconds(), { own, all: own }, peakMemoryMbOf(service.pid));
    } finally {
      await counting.stop();
    }
  },
};

const collectorIntoKafka: Contestant = {
  name: COLLECTOR_INTO_KAFKA,
  async run(round) {
    const load = newBodies(round, COLLECTOR_INTO_KAFKA);
    const topic = `collector-spans-${round}`;
    await kafka.createTopic(topic);
    const running = await RunningCollector.start(collectorWithKafka, intoTopic(kafka.bootstrap, topic));
    try {
      const { warmUp, measured } = requestsOf(load);
      await sendBodies(warmUp, running.port);
      const meter = new CpuMeter({ own: running.service.pid, broker: kafka.pid });
      await sendBodies(measured, running.port);
      const seconds = meter.elapsedSeconds();
      const { own, broker } = meter.used();
      const taken = await spansOn(topic);
      if (taken !== load.spans) throw new Error(`${taken} of ${load.spans} spans are on the collector's topic`);
      return measurementOf(seconds, { own, all: own + broker }, peakMemoryMbOf(running.service.pid));
    } finally {
      await running.stop();
    }
  },
};

/** All that lie there: it was answered for, so nothing may be missing. */
async function spansOn(topic: string): Promise<number> {
  const reader = new TopicReader(kafka.log, topic);
  let recordsLeft = await kafka.recordCount(topic);
  let spans = 0;
  await until('the collector’s topic is read', async () => {
    const records = await reader.nextBytes();
    recordsLeft -= records.length;
    for (const { value } of records) spans += value === null ? 0 : countSpans(value);
    return recordsLeft <= 0;
  });
  return spans;
}

const intoKafka: Contestant = {
  name: INTO_KAFKA,
  async run(round) {
    const load = newBodies(round, INTO_KAFKA);
    const [port = 0] = await freePorts(1);
    const env = { KAFKA_BROKERS: kafka.bootstrap, HTTP_PORT: String(port) };
    const readyUrl = `http://127.0.0.1:${port}/ready`;
    const service = await startRole(options.program, 'ingestion-api', { env, readyUrl });
    try {
      const { warmUp, measured } = requestsOf(load);
      const before = await kafka.recordCount(TOPICS.reports);
      await sendBodies(warmUp, port);
      const meter = new CpuMeter({ own: service.pid, broker: kafka.pid });
      await sendBodies(measured, port);
      const seconds = meter.elapsedSeconds();
      const { own, broker } = meter.used();
      const taken = (await kafka.recordCount(TOPICS.reports)) - before;
      if (taken !== load.spans) throw new Error(`${taken} of ${load.spans} spans are on the topic`);
      return measurementOf(seconds, { own, all: own + broker }, peakMemoryMbOf(service.pid));
    } finally {
      await service.stop();
    }
  },
};

const embedded: Contestant = {
  name: EMBEDDED,
  async run(round) {
    const load = newBodies(round, EMBEDDED);
    const up = await RunningUp.start(options.program);
    try {
      const { warmUp, measured } = requestsOf(load);
      await sendBodies(warmUp, up.ingestionPort);
      await up.untilReadable(TENANTS, warmUp.length * SPANS_PER_BODY);
      const meter = new CpuMeter({ own: up.service.pid });
      await sendBodies(measured, up.ingestionPort);
      await up.untilReadable(TENANTS, load.spans);
      const { own } = meter.used();
      const seconds = meter.elapsedSeconds();
      const rows = await up.rows(load.oracle);
      // The spans say how long they took, not that anything failed.
      assertEqual(EMBEDDED, load.oracle, rows);
      return measurementOf(seconds, { own, all: own }, peakMemoryMbOf(up.service.pid));
    } finally {
      await up.stop();
    }
  },
};

try {
  const outcomes = await contest([theCollector, collectorIntoKafka, intoKafka, embedded], options.rounds);
  const verdicts = [INTO_KAFKA, EMBEDDED].map((ours): Verdict => {
    const ratio = ratioOf(outcomes, 'spans per CPU s', { ours, theirs: COLLECTOR });
    const question = `OTLP protobuf, spans per CPU second: ${ours}`;
    return { question, goal: '≥ 1 × the collector', measured: ratio, unit: ' ×', isMet: ratio.median >= 1 };
  });
  const names = { ours: INTO_KAFKA, theirs: COLLECTOR_INTO_KAFKA };
  const durable = ratioOf(outcomes, 'spans per CPU s, with broker', names);
  verdicts.push({
    question: 'OTLP protobuf, spans per CPU second with the broker: both into Kafka',
    goal: '≥ 0.7 × the collector into Kafka',
    measured: durable,
    unit: ' ×',
    isMet: durable.median >= 0.7,
  });
  report(
    {
      name: 'otlp',
      title: 'OTLP over HTTP, protobuf',
      method: `${bodyCount} bodies of ${SPANS_PER_BODY} model spans with 14 attributes over ${CONNECTIONS} connections, after ${warmUpCount} to warm up. The collector counts in memory by tenant, route and model, or writes each body into Kafka as one record and answers when the broker has it (acks of all replicas, lz4, no queue, OTLP in protobuf); StreamLens keeps a report of each span and answers when it is durable. Counts are compared in each round, for \`up\` every row.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
}
