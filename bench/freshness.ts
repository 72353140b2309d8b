import { setTimeout as sleep } from 'node:timers/promises';
import { EventGenerator } from './data/event-generator.ts';
import { getRequest, HttpConnection, postRequest } from './load/http-connection.ts';
import { type Contestant, contest, type Measurement, metricOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';

/** From the 202 of an event until `GET /v1/metrics` counts it, while 5,000 events a second come in batches of 50. */
const RATE = 5_000;
const BATCH = 50;
const SECONDS = 20;
const PROBE_PAUSE_MS = 40;

const EMBEDDED = 'embedded (SQLite)';
const DISTRIBUTED = 'on Kafka and Postgres';

const options = await benchOptions();
const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();

/** Background traffic at a steady rate until it is told to stop. @returns how many events were accepted */
async function keepSending(port: number, round: number, signal: AbortSignal): Promise<number> {
  const seconds = SECONDS * options.size + 10;
  const shape = { tenants: 5, routes: 4, models: 3, fromMs: Date.now(), spanMs: seconds * 1000 };
  const traffic = new EventGenerator({ seed: 900 + round, calls: (RATE * seconds) / 2, ...shape });
  const connections = await Promise.all(Array.from({ length: 4 }, () => HttpConnection.open(port)));
  const startedMs = performance.now();
  let sent = 0;
  const iterator = traffic.batches(BATCH);
  const drive = async (connection: HttpConnection): Promise<void> => {
    while (!signal.aborted) {
      const next = iterator.next();
      if (next.done === true) return;
      const dueMs = startedMs + (sent / RATE) * 1000;
      sent += next.value.events;
      await sleep(Math.max(0, dueMs - performance.now()));
      await connection.ask(postRequest('/v1/llm/events', 'application/x-ndjson', next.value.body));
    }
  };
  await Promise.all(connections.map(drive));
  for (const connection of connections) connection.close();
  return sent;
}

/** One request event after the other, each of them followed until it is in the row. */
async function probe(up: RunningUp): Promise<number[]> {
  const [sender, reader] = await Promise.all([
    HttpConnection.open(up.ingestionPort),
    HttpConnection.open(up.metricsPort),
  ]);
  const question = getRequest('/v1/metrics?tenant_id=probe&group_by=none&step=1d');
  const waitsMs: number[] = [];
  const endMs = performance.now() + SECONDS * options.size * 1000;
  for (let count = 1; performance.now() < endMs; count++) {
    const event = { request_id: `probe-${count}`, tenant_id: 'probe', route: 'probe', model: 'gpt-4o' };
    const body = Buffer.from(JSON.stringify({ ...event, timestamp: new Date().toISOString(), prompt_tokens: 1 }));
    const answer = await sender.ask(postRequest('/v1/llm/request', 'application/json', body));
    if (answer.status !== 202) throw new Error(`The probe was answered ${answer.status}`);
    const acceptedMs = performance.now();
    for (let seen = 0; seen < count; ) {
      const { body: text } = await reader.ask(question);
      const { metrics } = JSON.parse(text.toString()) as { metrics: { requests: number }[] };
      seen = metrics.reduce((sum, row) => sum + row.requests, 0);
      if (seen < count) await sleep(5);
    }
    waitsMs.push(performance.now() - acceptedMs);
    await sleep(PROBE_PAUSE_MS);
  }
  sender.close();
  reader.close();
  return waitsMs.sort((a, b) => a - b);
}

async function measure(up: RunningUp, round: number): Promise<Measurement> {
  const stop = new AbortController();
  const sending = keepSending(up.ingestionPort, round, stop.signal);
  const startedMs = performance.now();
  // The first seconds warm the program up.
  await sleep(3000);
  const meter = new CpuMeter({ up: up.service.pid });
  const waitsMs = await probe(up);
  const cores = meter.used().up / meter.elapsedSeconds();
  stop.abort();
  const sent = await sending;
  const quantile = (q: number): number => waitsMs[Math.ceil(q * waitsMs.length) - 1] ?? Number.NaN;
  return {
    'p50 ms': quantile(0.5),
    'p99 ms': quantile(0.99),
    probes: waitsMs.length,
    'events/s': sent / ((performance.now() - startedMs) / 1000),
    cores,
    'peak MB': peakMemoryMbOf(up.service.pid),
  };
}

function contestant(name: string, settings: () => Promise<Readonly<Record<string, string>>>): Contestant {
  return {
    name,
    async run(round) {
      const up = await RunningUp.start(options.program, await settings());
      try {
        return await measure(up, round);
      } finally {
        await up.stop();
      }
    },
  };
}

try {
  let group = 0;
  const distributed = contestant(DISTRIBUTED, async () => ({
    KAFKA_BROKERS: kafka.bootstrap,
    POSTGRES_DSN: await postgres.newDatabase(),
    CONSUMER_GROUP: `freshness-${++group}`,
  }));
  const outcomes = await contest([contestant(EMBEDDED, async () => ({})), distributed], options.rounds);
  const verdicts = [EMBEDDED, DISTRIBUTED].flatMap((name): Verdict[] => {
    const p50 = spreadOf(metricOf(outcomes, name, 'p50 ms'));
    const p99 = spreadOf(metricOf(outcomes, name, 'p99 ms'));
    const what = `freshness at ${RATE} events/s, ${name}`;
    return [
      { question: `${what}, p50`, goal: '≤ 300 ms', measured: p50, unit: ' ms', isMet: p50.median <= 300 },
      { question: `${what}, p99`, goal: '≤ 1 s', measured: p99, unit: ' ms', isMet: p99.median <= 1000 },
    ];
  });
  report(
    {
      name: 'freshness',
      title: 'From accepted to readable',
      method: `${RATE} events a second in batches of ${BATCH} over 4 connections into \`up\`; beside them a probe sends one event after the other and asks every 5 ms until the API counts it.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
