import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { EventGenerator } from './data/event-generator.ts';
import { assertEqual } from './data/oracle.ts';
import { getRequest, postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { type Baseline, machineOfBaselines, readBaseline, storeRun, yardstickMs } from './measure/baseline.ts';
import { type Contestant, contest, metricOf, shorten, showSpread, spreadOf } from './measure/contest.ts';
import { judge } from './measure/judge.ts';
import { CpuMeter } from './measure/process-usage.ts';
import { RunningUp } from './setup/embedded.ts';
import { spanBodies } from './setup/model-spans.ts';
import { buildCommit, buildWorkingTree, git, type Program, ROOT } from './setup/program.ts';

/**
 * `npm run bench:check`: the files as they are beside the previous commit, in pairs of runs (A B, B A, …) on the same machine. Fails
 * where the work per CPU second is below 0.85 × by the rule of `judge`. Then shows how far the machine's baseline is: a run that is
 * kept, with Node and processor, so that many small losses do not go unseen. Needs no other service: `up` with its own files runs the
 * code of all roles.
 */
const RATIO_MIN = 0.85;
const BATCHED_EVENTS = 100_000;
const SINGLE_EVENTS = 10_000;
const SPAN_BODIES = 60;
const QUERIES = 3_000;
const TENANTS = 5;
const PAIRS = 7;
/** With fewer, one disturbed run could decide. */
const PAIRS_MIN = 5;
const METRICS = ['batched event', 'single event', 'span', 'query'] as const;
const YARDSTICK = 'yardstick, CPU ms';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: String(PAIRS) },
    /** The commit to compare with; by default the one before, or the last one where `src` was changed since. */
    base: { type: 'string' },
    /** This run becomes the machine's baseline, also where there is one. */
    'set-baseline': { type: 'boolean', default: false },
  },
});
const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < PAIRS_MIN) {
  console.error(`--pairs must be a whole number from ${PAIRS_MIN}; got ${JSON.stringify(values.pairs)}`);
  process.exit(2);
}
const isChanged = git('status', '--porcelain', 'src') !== '';
const base = values.base ?? (isChanged ? 'HEAD' : 'HEAD~1');

function contestant(name: string, program: Program): Contestant {
  return {
    name,
    async run(round) {
      const up = await RunningUp.start(program);
      try {
        return await measure(up, name, round);
      } finally {
        await up.stop();
      }
    },
  };
}

async function measure(up: RunningUp, name: string, round: number): Promise<Record<string, number>> {
  const shape = { tenants: TENANTS, routes: 4, models: 3, fromMs: Date.now() - 600_000, spanMs: 600_000 };
  const warmUp = new EventGenerator({ seed: 9000 + round, calls: BATCHED_EVENTS / 10, ...shape });
  const batched = new EventGenerator({ seed: 9100 + round, calls: BATCHED_EVENTS / 2, ...shape });
  const single = new EventGenerator({ seed: 9200 + round, calls: SINGLE_EVENTS / 2, ...shape });
  const spans = spanBodies({ seed: 9300 + round, bodies: SPAN_BODIES, spansPerBody: 256 });
  const paths = { request: '/v1/llm/request', response: '/v1/llm/response' };
  let calls = 0;
  const cpuMicros = async (count: number, more: number, work: () => Promise<unknown>): Promise<number> => {
    const meter = new CpuMeter({ up: up.service.pid });
    await work();
    calls += more;
    await up.untilReadable(TENANTS, calls);
    return (meter.used().up / count) * 1e6;
  };
  const post = (requests: Iterable<Buffer>, connections: number, status: number): Promise<unknown> =>
    sendAll(requests, { port: up.ingestionPort, connections, status });
  const batchesOf = (traffic: EventGenerator): Buffer[] =>
    Array.from(traffic.batches(500), ({ body }) => postRequest('/v1/llm/events', 'application/x-ndjson', body));
  const singles = Array.from(single.events(), ({ type, line }) =>
    postRequest(paths[type], 'application/json', Buffer.from(line)),
  );
  const bodies = spans.bodies.map((body) => postRequest('/v1/traces', 'application/x-protobuf', body));
  await cpuMicros(1, BATCHED_EVENTS / 10, () => post(batchesOf(warmUp), 8, 202));
  const measured: Record<(typeof METRICS)[number], number> = {
    'batched event': await cpuMicros(BATCHED_EVENTS, BATCHED_EVENTS / 2, () => post(batchesOf(batched), 8, 202)),
    'single event': await cpuMicros(SINGLE_EVENTS, SINGLE_EVENTS / 2, () => post(singles, 128, 202)),
    span: await cpuMicros(spans.spans, spans.spans, () => post(bodies, 16, 200)),
    query: await cpuMicros(QUERIES, 0, () => {
      const question = (i: number): Buffer => getRequest(`/v1/metrics?tenant_id=tenant-${i % TENANTS}`);
      const requests = Array.from({ length: QUERIES }, (_, i) => question(i));
      return sendAll(requests, { port: up.metricsPort, connections: 32, status: 200 });
    }),
  };
  for (const part of [warmUp.oracle, single.oracle, spans.oracle]) batched.oracle.addAll(part);
  assertEqual(name, batched.oracle, await up.rows(batched.oracle));
  return { ...measured, [YARDSTICK]: yardstickMs() };
}

const [before, now] = [await buildCommit(base), await buildWorkingTree()];
const names = { ours: `now (${now.version})`, theirs: `before (${before.version})` };
const contestants = [contestant(names.theirs, before), contestant(names.ours, now)];
const outcomes = await contest(contestants, pairs);
console.log(
  `\nCPU µs each, user and system of the whole process tree; ${pairs} pairs. µs: median (lowest–highest); ratio: median (quartiles)`,
);
for (const metric of METRICS) {
  const [then, latest] = [metricOf(outcomes, names.theirs, metric), metricOf(outcomes, names.ours, metric)];
  const ratios = latest.map((micros, pair) => (then[pair] ?? Number.NaN) / micros);
  const { median, lowerQuartile, upperQuartile, isSlower } = judge(ratios, RATIO_MIN);
  const shown = `${showSpread(spreadOf(then))} → ${showSpread(spreadOf(latest))} µs`;
  const ratio = `${shorten(median)} × (${shorten(lowerQuartile)}–${shorten(upperQuartile)}) the work per CPU second`;
  console.log(`${isSlower ? 'SLOWER' : 'ok    '} ${metric}: ${shown}, ${ratio}`);
  if (isSlower) process.exitCode = 1;
}

const run: Baseline = {
  commit: now.version,
  measuredAt: new Date().toISOString(),
  cpuMicros: Object.fromEntries(METRICS.map((metric) => [metric, medianOf(names.ours, metric)])),
  yardstickMs: medianOf(names.ours, YARDSTICK),
};
const baseline = readBaseline();
if (baseline !== null) showDrift(baseline, run);
// What is not committed cannot be measured again, and what failed is nothing to compare with.
if (!isChanged && process.exitCode === undefined) {
  console.log(`Kept in ${relative(ROOT, storeRun(run, { isBaseline: values['set-baseline'] }))}`);
}

function medianOf(name: string, metric: string): number {
  return spreadOf(metricOf(outcomes, name, metric)).median;
}

/** Only shown: days lie between the two, and the yardstick takes out only what slows all work alike. */
function showDrift(from: Baseline, to: Baseline): void {
  console.log(
    `\nBeside the baseline of ${machineOfBaselines()}: commit ${from.commit}, ${from.measuredAt.slice(0, 10)}`,
  );
  const machine = to.yardstickMs / from.yardstickMs;
  for (const metric of METRICS) {
    const ratio = ((from.cpuMicros[metric] ?? Number.NaN) / (to.cpuMicros[metric] ?? Number.NaN)) * machine;
    const note = ratio < RATIO_MIN ? `; measure both in turns: npm run bench:check -- --base ${from.commit}` : '';
    console.log(
      `${ratio < RATIO_MIN ? 'drift ' : 'ok    '} ${metric}: ${shorten(ratio)} × the work per CPU second${note}`,
    );
  }
}
