import { parseArgs } from 'node:util';
import { EventGenerator } from './data/event-generator.ts';
import { assertEqual } from './data/oracle.ts';
import { getRequest, postRequest } from './load/http-lane.ts';
import { sendAll } from './load/send-all.ts';
import { type Contestant, contest, ratioOf, showSpread } from './measure/contest.ts';
import { CpuMeter } from './measure/process-usage.ts';
import { RunningUp } from './setup/embedded.ts';
import { spanBodies } from './setup/model-spans.ts';
import { buildCommit, buildWorkingTree, git, type Program } from './setup/program.ts';

/**
 * `npm run bench:check`: the files as they are beside the previous commit, in turns on the same machine. Fails where work per CPU second
 * falls below 0.85 ×. Needs no other service: `up` with its own files runs the code of all roles.
 */
const RATIO_MIN = 0.85;
const BATCHED_EVENTS = 100_000;
const SINGLE_EVENTS = 10_000;
const SPAN_BODIES = 60;
const QUERIES = 3_000;
const TENANTS = 5;
/** A ratio is called worse only when most rounds are. */
const ROUNDS = 5;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: String(ROUNDS) }, base: { type: 'string' } },
});
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
  const perCpu = async (count: number, more: number, work: () => Promise<unknown>): Promise<number> => {
    const meter = new CpuMeter({ up: up.service.pid });
    await work();
    calls += more;
    await up.untilReadable(TENANTS, calls);
    return count / meter.used().up;
  };
  const post = (requests: Iterable<Buffer>, connections: number, status: number): Promise<unknown> =>
    sendAll(requests, { port: up.ingestionPort, connections, status });
  const batchesOf = (traffic: EventGenerator): Buffer[] =>
    Array.from(traffic.batches(500), ({ body }) => postRequest('/v1/llm/events', 'application/x-ndjson', body));
  const singles = Array.from(single.events(), ({ type, line }) =>
    postRequest(paths[type], 'application/json', Buffer.from(line)),
  );
  const bodies = spans.bodies.map((body) => postRequest('/v1/traces', 'application/x-protobuf', body));
  await perCpu(1, BATCHED_EVENTS / 10, () => post(batchesOf(warmUp), 8, 202));
  const measured = {
    'batched events': await perCpu(BATCHED_EVENTS, BATCHED_EVENTS / 2, () => post(batchesOf(batched), 8, 202)),
    'single events': await perCpu(SINGLE_EVENTS, SINGLE_EVENTS / 2, () => post(singles, 128, 202)),
    spans: await perCpu(spans.spans, spans.spans, () => post(bodies, 16, 200)),
    queries: await perCpu(QUERIES, 0, () => {
      const question = (i: number): Buffer => getRequest(`/v1/metrics?tenant_id=tenant-${i % TENANTS}`);
      const requests = Array.from({ length: QUERIES }, (_, i) => question(i));
      return sendAll(requests, { port: up.metricsPort, connections: 32, status: 200 });
    }),
  };
  for (const part of [warmUp.oracle, single.oracle, spans.oracle]) batched.oracle.addAll(part);
  assertEqual(name, batched.oracle, await up.rows(batched.oracle));
  return measured;
}

const [before, now] = [await buildCommit(base), await buildWorkingTree()];
const names = { ours: `now (${now.version})`, theirs: `before (${before.version})` };
const contestants = [contestant(names.theirs, before), contestant(names.ours, now)];
const outcomes = await contest(contestants, Number(values.rounds));
for (const metric of ['batched events', 'single events', 'spans', 'queries']) {
  const ratio = ratioOf(outcomes, metric, names);
  const isWorse = ratio.median < RATIO_MIN;
  console.log(`${isWorse ? 'SLOWER' : 'ok    '} ${metric} per CPU second: ${showSpread(ratio)} × the commit before`);
  if (isWorse) process.exitCode = 1;
}
