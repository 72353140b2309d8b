import { EventGenerator } from './data/event-generator.ts';
import { assertEqual } from './data/oracle.ts';
import { postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { contest, metricOf, ratioOf, spreadOf } from './measure/contest.ts';
import { directoryMb } from './measure/directory-mb.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';

/**
 * What it costs `up` to sum by three dimensions beside the series: the same traffic without and with them. There are so
 * many events that V8 compiling the program is little of it, some 0.5 s without dimensions and 1 s with them.
 */
const EVENTS = 1_500_000;
const BATCH = 500;
const CONNECTIONS = 8;
const CALLERS = { users: 10_000, teams: 20, features: 100 };
const NAMES = { user: CALLERS.users, team: CALLERS.teams, 'metadata.feature': CALLERS.features };
const WITHOUT = 'without dimensions';
const WITH = 'user, team, metadata.feature';
const CPU = 'CPU µs an event';

const options = await benchOptions();

function contestant(name: string, env: Readonly<Record<string, string>>) {
  return {
    name,
    async run(round: number) {
      const traffic = new EventGenerator({
        seed: 100 + round,
        calls: (EVENTS * options.size) / 2,
        tenants: 1,
        routes: 4,
        models: 3,
        fromMs: Math.floor(Date.now() / 60_000) * 60_000 - 1_800_000,
        spanMs: 1_800_000,
        callers: CALLERS,
      });
      const batches = [...traffic.batches(BATCH)];
      const events = batches.reduce((sum, batch) => sum + batch.events, 0);
      const requests = batches.map(({ body }) => postRequest('/v1/llm/events', 'application/x-ndjson', body));
      const up = await RunningUp.start(options.program, env);
      try {
        const meter = new CpuMeter({ up: up.service.pid });
        await sendAll(requests, { port: up.ingestionPort, connections: CONNECTIONS, status: 202 });
        await up.untilReadable(1, traffic.oracle.total('completed'));
        const seconds = meter.elapsedSeconds();
        const cpu = meter.used();
        assertEqual(name, traffic.oracle, await up.rows(traffic.oracle));
        if (name === WITH) await checkDimensions(up, traffic.oracle.total('requests'));
        return {
          [CPU]: (cpu.up / events) * 1e6,
          'events/s until readable': events / seconds,
          'peak MB': peakMemoryMbOf(up.service.pid),
          'MB on disk': directoryMb(up.directory),
        };
      } finally {
        await up.stop();
      }
    },
  };
}

/** @throws where the values of a dimension do not add up to all calls, or are not as many as were sent */
async function checkDimensions(up: RunningUp, requests: number): Promise<void> {
  for (const [name, count] of Object.entries(NAMES)) {
    const query = `tenant_id=tenant-0&from=now-2d&group_by=${name}&limit=10000`;
    const answer = await fetch(`http://127.0.0.1:${up.metricsPort}/v1/metrics/summary?${query}`);
    const { summary, distinct_values: distinct } = (await answer.json()) as Summary;
    const sum = summary.reduce((all, row) => all + row.requests, 0);
    if (sum !== requests) throw new Error(`${name} adds up to ${sum} requests instead of ${requests}`);
    if (distinct === null || distinct > count || distinct < count / 2)
      throw new Error(`${name} has ${distinct} values`);
  }
}

interface Summary {
  readonly summary: readonly { readonly requests: number }[];
  readonly distinct_values: number | null;
}

const outcomes = await contest(
  [contestant(WITHOUT, {}), contestant(WITH, { METRIC_DIMENSIONS: Object.keys(NAMES).join(',') })],
  options.rounds,
);
const measured = ratioOf(outcomes, CPU, { ours: WITH, theirs: WITHOUT });
const more = spreadOf(
  metricOf(outcomes, WITH, CPU).map((us, round) => us - (metricOf(outcomes, WITHOUT, CPU)[round] ?? 0)),
);
report(
  {
    name: 'dimensions',
    title: 'Three dimensions beside the series',
    method: `${EVENTS} events of 12 series as NDJSON batches of ${BATCH} over ${CONNECTIONS} connections into a new data directory of \`up\`, until the API shows every call; of ${CALLERS.users} users, ${CALLERS.teams} teams and ${CALLERS.features} features each drawn by itself, so that hardly two calls of a commit are alike. CPU of the whole process, start-up excluded. All rows, and the sums over each dimension's values, are compared with the oracle.`,
    outcomes,
    verdicts: [
      {
        question: 'CPU an event, with three dimensions',
        goal: '≤ 1.5 ×',
        measured,
        unit: ' ×',
        isMet: measured.median <= 1.5,
      },
      { question: 'what they add to an event', goal: 'none', measured: more, unit: ' µs CPU', isMet: true },
    ],
  },
  { commit: options.program.version, keep: options.keep },
);
