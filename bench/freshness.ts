import { setTimeout as sleep } from 'node:timers/promises';
import { FreshnessProbe } from './load/freshness-probe.ts';
import { SteadyLoad } from './load/steady-load.ts';
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

async function waitsOf(up: RunningUp): Promise<number[]> {
  const probe = await FreshnessProbe.open(up);
  const waitsMs: number[] = [];
  const endMs = performance.now() + SECONDS * options.size * 1000;
  while (performance.now() < endMs) {
    waitsMs.push(await probe.once());
    await sleep(PROBE_PAUSE_MS);
  }
  probe.close();
  return waitsMs.sort((a, b) => a - b);
}

async function measure(up: RunningUp, round: number): Promise<Measurement> {
  const stop = new AbortController();
  const seconds = SECONDS * options.size + 10;
  const load = new SteadyLoad({ eventsPerSecond: RATE, eventsPerBatch: BATCH, seconds, seed: 900 + round });
  const sending = load.run(up.ingestionPort, stop.signal);
  const startedMs = performance.now();
  // The first seconds warm the program up.
  await sleep(3000);
  const meter = new CpuMeter({ up: up.service.pid });
  const waitsMs = await waitsOf(up);
  const cores = meter.used().up / meter.elapsedSeconds();
  stop.abort();
  await sending;
  const quantile = (q: number): number => waitsMs[Math.ceil(q * waitsMs.length) - 1] ?? Number.NaN;
  return {
    'p50 ms': quantile(0.5),
    'p99 ms': quantile(0.99),
    probes: waitsMs.length,
    'events/s': load.sent / ((performance.now() - startedMs) / 1000),
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
