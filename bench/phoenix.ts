import { setTimeout as sleep } from 'node:timers/promises';
import type { Oracle } from './data/oracle.ts';
import { HttpConnection, postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { type Contestant, contest, type Measurement, metricOf, ratioOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { spanBodies } from './setup/model-spans.ts';
import { installPhoenix, RunningPhoenix } from './setup/phoenix.ts';
import { until } from './setup/until.ts';

/** The same spans into Arize Phoenix and `up`, each one process on SQLite: until readable, and how soon a single one is. */
const SPANS_PER_BODY = 256;
/** 5,120 spans: Phoenix takes a minute for them, and refuses more than 20,000 at a time. */
const BODIES = 20;
const CONNECTIONS = 4;
const TENANTS = 5;
const PROBES = 40;
/** Counting is work too, so it is asked for seldom while the load is worked off. */
const POLL_MS = 500;
const PROBE_POLL_MS = 10;
const PROBE_PAUSE_MS = 100;

const PHOENIX = 'Arize Phoenix';
const OURS = 'StreamLens up';

/** USD per 10 million tokens, input and output, as the providers list them: whole numbers, so that the bill is exact. */
const PRICES: Readonly<Record<string, readonly [number, number]>> = {
  'gpt-4.1-mini': [4, 16],
  'claude-sonnet-4-5': [30, 150],
  'gemini-2.5-flash': [3, 25],
};

interface Totals {
  readonly calls: number;
  readonly tokens: number;
  readonly costUsd: number;
}

/** What both have in common. */
interface Running {
  readonly pid: number;
  readonly port: number;
  totals(): Promise<Totals>;
  stop(): Promise<void>;
}

const options = await benchOptions();
const phoenix = await installPhoenix();
const bodies = Math.ceil(BODIES * options.size);

function billOf(oracle: Oracle): Totals {
  let cost = 0;
  for (const [key, row] of oracle.rows) {
    const [input = Number.NaN, output = Number.NaN] = PRICES[key.split('|')[2] ?? ''] ?? [];
    cost += row.promptTokens * input + row.completionTokens * output;
  }
  const tokens = oracle.total('promptTokens') + oracle.total('completionTokens');
  return { calls: oracle.total('completed'), tokens, costUsd: cost / 1e7 };
}

async function measure(running: Running, round: number): Promise<Measurement> {
  const load = spanBodies({ seed: 700 + round, bodies, spansPerBody: SPANS_PER_BODY });
  const requests = load.bodies.map((body) => postRequest('/v1/traces', 'application/x-protobuf', body));
  const meter = new CpuMeter({ own: running.pid });
  await sendAll(requests, { port: running.port, connections: CONNECTIONS, status: 200 });
  await until('all spans are readable', async () => (await running.totals()).calls >= load.spans, { everyMs: POLL_MS });
  const seconds = meter.elapsedSeconds();
  const { own } = meter.used();
  const waitsMs = await probe(running, load.oracle);
  const [expected, found] = [billOf(load.oracle), await running.totals()];
  return {
    'spans per CPU s': load.spans / own,
    'CPU ms a span': (own * 1000) / load.spans,
    'spans/s until readable': load.spans / seconds,
    'peak MB': peakMemoryMbOf(running.pid),
    'one span readable, p50 ms': quantileOf(waitsMs, 0.5),
    'p99 ms': quantileOf(waitsMs, 0.99),
    'calls off': Math.abs(found.calls - expected.calls),
    'tokens off': Math.abs(found.tokens - expected.tokens),
    // Both add doubles up; what differs in the ninth digit is that.
    'cost off, USD': Math.round(Math.abs(found.costUsd - expected.costUsd) * 1e6) / 1e6,
  };
}

/** One span after the other, each of them followed until it is counted. Adds them to the oracle. */
async function probe(running: Running, oracle: Oracle): Promise<number[]> {
  const single = spanBodies({ seed: 7, bodies: PROBES, spansPerBody: 1 });
  const sender = await HttpConnection.open(running.port);
  const waitsMs: number[] = [];
  let { calls } = await running.totals();
  for (const body of single.bodies) {
    const answer = await sender.ask(postRequest('/v1/traces', 'application/x-protobuf', body));
    if (answer.status !== 200) throw new Error(`A span was answered ${answer.status}`);
    const answeredMs = performance.now();
    calls++;
    while ((await running.totals()).calls < calls) await sleep(PROBE_POLL_MS);
    waitsMs.push(performance.now() - answeredMs);
    await sleep(PROBE_PAUSE_MS);
  }
  sender.close();
  oracle.addAll(single.oracle);
  return waitsMs.sort((a, b) => a - b);
}

function quantileOf(sorted: readonly number[], q: number): number {
  return sorted[Math.ceil(q * sorted.length) - 1] ?? Number.NaN;
}

function contestant(name: string, start: () => Promise<Running>): Contestant {
  return {
    name,
    async run(round) {
      const startedMs = performance.now();
      const running = await start();
      const seconds = (performance.now() - startedMs) / 1000;
      try {
        return { 's to ready': seconds, ...(await measure(running, round)) };
      } finally {
        await running.stop();
      }
    },
  };
}

async function startOurs(): Promise<Running> {
  const up = await RunningUp.start(options.program);
  const { service, ingestionPort: port } = up;
  return { pid: service.pid, port, totals: () => up.totals(TENANTS), stop: () => up.stop() };
}

async function startPhoenix(): Promise<Running> {
  const running = await RunningPhoenix.start(phoenix);
  const { service, port } = running;
  return { pid: service.pid, port, totals: () => running.totals(), stop: () => running.stop() };
}

const outcomes = await contest([contestant(PHOENIX, startPhoenix), contestant(OURS, startOurs)], options.rounds);
const names = { ours: OURS, theirs: PHOENIX };
const work = ratioOf(outcomes, 'spans per CPU s', names);
const memory = ratioOf(outcomes, 'peak MB', names);
const off = spreadOf(
  ['calls off', 'tokens off', 'cost off, USD'].flatMap((metric) => metricOf(outcomes, OURS, metric)),
);
report(
  {
    name: 'phoenix',
    title: 'Beside Arize Phoenix',
    method: `${bodies * SPANS_PER_BODY} model spans with 14 attributes in bodies of ${SPANS_PER_BODY} over ${CONNECTIONS} connections, then ${PROBES} single spans; each one process with a new data directory. Phoenix 20.26 (\`phoenix serve\`, SQLite) keeps whole spans and answers before they are stored; StreamLens keeps calls, sums and histograms and answers when they are. Readable is what the page's own query says (GraphQL's \`recordCount\`; \`GET /v1/metrics\`). Calls, tokens and cost are compared with the oracle.`,
    outcomes,
    verdicts: [
      {
        question: 'spans per CPU second until readable, beside Arize Phoenix',
        goal: '≥ 1 × Arize Phoenix',
        measured: work,
        unit: ' ×',
        isMet: work.median >= 1,
      },
      {
        question: 'peak memory beside Arize Phoenix',
        goal: '≤ 1 × Arize Phoenix',
        measured: memory,
        unit: ' ×',
        isMet: memory.median <= 1,
      },
      {
        question: 'calls, tokens and cost beside the oracle, largest difference',
        goal: '0',
        measured: off,
        unit: '',
        isMet: off.max === 0,
      },
    ],
  },
  { commit: options.program.version, keep: options.keep },
);
