import { EventGenerator } from './data/event-generator.ts';
import { assertEqual } from './data/oracle.ts';
import { postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { contest, metricOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';

/** `up` with its own files: batches of 500 until every call can be read. */
const EVENTS = 600_000;
const BATCH = 500;
const CONNECTIONS = 8;
const TENANTS = 5;
const NAME = 'streamlens up';
const DIRTY = 'streamlens up, unclean traffic';
const UNCLEAN = { duplicates: 0.05, missing: 0.02, late: 0.1, malformed: 0.01, disorder: 0.3 };

const options = await benchOptions();

function contestant(name: string, faults: Partial<typeof UNCLEAN>) {
  return {
    name,
    async run(round: number) {
      const traffic = new EventGenerator({
        seed: 100 + round,
        calls: (EVENTS * options.size) / 2,
        tenants: TENANTS,
        routes: 4,
        models: 3,
        fromMs: Math.floor(Date.now() / 60_000) * 60_000 - 1_800_000,
        spanMs: 1_800_000,
        ...faults,
      });
      const batches = [...traffic.batches(BATCH)];
      const events = batches.reduce((sum, batch) => sum + batch.events, 0);
      const requests = batches.map(({ body }) => postRequest('/v1/llm/events', 'application/x-ndjson', body));
      const up = await RunningUp.start(options.program);
      try {
        const meter = new CpuMeter({ up: up.service.pid });
        const sent = await sendAll(requests, { port: up.ingestionPort, connections: CONNECTIONS, status: 202 });
        await up.untilReadable(TENANTS, traffic.oracle.total('completed'));
        const seconds = meter.elapsedSeconds();
        const cpu = meter.used();
        assertEqual(name, traffic.oracle, await up.rows(traffic.oracle));
        return {
          'events/s until readable': events / seconds,
          'events/s until accepted': events / sent.seconds,
          'CPU s per million': (cpu.up / events) * 1e6,
          'p99 ms of a batch': sent.p99Ms,
          'peak MB': peakMemoryMbOf(up.service.pid),
        };
      } finally {
        await up.stop();
      }
    },
  };
}

const outcomes = await contest([contestant(NAME, {}), contestant(DIRTY, UNCLEAN)], options.rounds);
const rate = spreadOf(metricOf(outcomes, NAME, 'events/s until readable'));
const question = 'embedded `up`, batches, end to end until readable';
report(
  {
    name: 'embedded',
    title: 'Embedded, end to end',
    method: `${EVENTS} events as NDJSON batches of ${BATCH} over ${CONNECTIONS} connections into a new data directory, each answered after its fsync, until the API shows every call; generator and service share the cores. Unclean traffic: 5 % of calls sent twice, 2 % without response, 10 % late, 1 % malformed, 30 % with the response first. All rows are compared with the oracle.`,
    outcomes,
    verdicts: [{ question, goal: '≥ 60,000 events/s', measured: rate, unit: '/s', isMet: rate.median >= 60_000 }],
  },
  { commit: options.program.version, keep: options.keep },
);
