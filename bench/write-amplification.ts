import { setTimeout as sleep } from 'node:timers/promises';
import { EventGenerator } from './data/event-generator.ts';
import { assertEqual } from './data/oracle.ts';
import { HttpConnection, postRequest } from './load/http-connection.ts';
import { type Contestant, contest, ratioOf } from './measure/contest.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { scraped } from './setup/scraped.ts';

/** The same series for the same time with ten times the events: how many more rows are written. */
const RATES = [1_500, 15_000] as const;
const SECONDS = 15;
const BATCHES_PER_SECOND = 50;
const TENANTS = 5;

const options = await benchOptions();
const nameOf = (rate: number): string => `${rate.toLocaleString('en')} events/s`;

function contestant(rate: number): Contestant {
  return {
    name: nameOf(rate),
    async run(round) {
      const seconds = SECONDS * options.size;
      // Within one minute of event time, so that both rates count in the same windows.
      const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;
      const shape = { tenants: TENANTS, routes: 2, models: 2, fromMs: minuteMs, spanMs: 59_000 };
      const traffic = new EventGenerator({ seed: 500 + round, calls: (rate * seconds) / 2, ...shape });
      const up = await RunningUp.start(options.program);
      const connection = await HttpConnection.open(up.ingestionPort);
      try {
        const before = await written(up);
        const startedMs = performance.now();
        let sent = 0;
        for (const { body, events } of traffic.batches(rate / BATCHES_PER_SECOND)) {
          await sleep(Math.max(0, startedMs + (sent / rate) * 1000 - performance.now()));
          await connection.ask(postRequest('/v1/llm/events', 'application/x-ndjson', body));
          sent += events;
        }
        const took = (performance.now() - startedMs) / 1000;
        await up.untilReadable(TENANTS, traffic.oracle.total('completed'));
        const rows = (await written(up)) - before;
        assertEqual(nameOf(rate), traffic.oracle, await up.rows(traffic.oracle));
        return { events: sent, 'events/s': sent / took, 'rows written': rows, 'rows a second': rows / took };
      } finally {
        connection.close();
        await up.stop();
      }
    },
  };
}

async function written(up: RunningUp): Promise<number> {
  return (await scraped(up.metricsPort, 'streamlens_committed_total')).get('{what="rows"}') ?? 0;
}

const outcomes = await contest(RATES.map(contestant), options.rounds);
const measured = ratioOf(outcomes, 'rows written', { ours: nameOf(RATES[1]), theirs: nameOf(RATES[0]) });
const question = 'ten times the events, rows written';
report(
  {
    name: 'write-amplification',
    title: 'Rows written',
    method: `20 series for ${SECONDS} s into embedded \`up\`, a commit every 100 ms at most; minute rows that commits added to. All rows are compared with the oracle.`,
    outcomes,
    verdicts: [{ question, goal: '≤ 1.2 ×', measured, unit: ' ×', isMet: measured.median <= 1.2 }],
  },
  { commit: options.program.version, keep: options.keep },
);
