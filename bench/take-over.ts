import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../scripts/services/free-ports.ts';
import { EventGenerator } from './data/event-generator.ts';
import { HttpConnection, postRequest } from './load/http-connection.ts';
import { type Contestant, contest, type Measurement, metricOf, spreadOf } from './measure/contest.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type ChildProgram, startRole } from './setup/child-program.ts';
import { BenchKafka, BenchPostgres, PARTITIONS } from './setup/services.ts';
import { until } from './setup/until.ts';

/**
 * `kill -9` of a processor, while events come: how long some rows are late. Brokers have the session timeouts that
 * Kafka has where nobody set anything.
 */
const RATE = 1_000;
const BATCH = 50;
const SECONDS_MAX = 180;
/** How far rows are behind at most while all is well: the commit, and a topic that has been silent for a moment. */
const FRESH_MS = 2_000;
const GOAL_S = 5;

const BY_OTHER = 'one of two, the other takes over';
const BY_ITSELF = 'the only one, which starts again';

const options = await benchOptions();

interface Roles {
  readonly ingestionPort: number;
  readonly metricsPort: number;
  /** Starts one more processor. */
  readonly processor: () => Promise<ChildProgram>;
}

/** How far the oldest partition is behind, as readers are told. */
async function lagMs({ metricsPort }: Roles): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/v1/metrics?tenant_id=tenant-0&limit=1`);
  return ((await answer.json()) as { lag_ms: number | null }).lag_ms ?? Number.POSITIVE_INFINITY;
}

const untilFresh = (roles: Roles): Promise<void> =>
  until('every partition is fresh', async () => (await lagMs(roles)) < FRESH_MS, { everyMs: 20 });

/** When it took its partitions over, from its log. */
function takenOverAtMs(processor: ChildProgram): number[] {
  const lines = processor.log.split('\n').filter((line) => line.includes('Took over a partition'));
  return lines.map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
}

async function keepSending(port: number, round: number, signal: AbortSignal): Promise<void> {
  const shape = { tenants: 5, routes: 4, models: 3, fromMs: Date.now(), spanMs: SECONDS_MAX * 1000 };
  const traffic = new EventGenerator({ seed: 700 + round, calls: (RATE * SECONDS_MAX) / 2, ...shape });
  const connection = await HttpConnection.open(port);
  const startedMs = performance.now();
  let sent = 0;
  for (const { events, body } of traffic.batches(BATCH)) {
    if (signal.aborted) break;
    await sleep(Math.max(0, startedMs + (sent / RATE) * 1000 - performance.now()));
    await connection.ask(postRequest('/v1/llm/events', 'application/x-ndjson', body));
    sent += events;
  }
  connection.close();
}

async function killOneOfTwo(roles: Roles): Promise<Measurement> {
  const [first, second] = [await roles.processor(), await roles.processor()];
  try {
    const both = [first, second];
    await until('both have partitions', async () => both.every((each) => takenOverAtMs(each).length > 0));
    await untilFresh(roles);
    const before = takenOverAtMs(second).length;
    const killedAtMs = Date.now();
    await first.stop('SIGKILL');
    await until('all are taken over', async () => takenOverAtMs(second).length >= PARTITIONS, { everyMs: 20 });
    await untilFresh(roles);
    return sinceKill(killedAtMs, takenOverAtMs(second).slice(before));
  } finally {
    await first.stop('SIGKILL');
    await second.stop('SIGKILL');
  }
}

async function killAndStartAgain(roles: Roles): Promise<Measurement> {
  const first = await roles.processor();
  await untilFresh(roles);
  const killedAtMs = Date.now();
  await first.stop('SIGKILL');
  const again = await roles.processor();
  try {
    await until('all are taken over', async () => takenOverAtMs(again).length >= PARTITIONS, { everyMs: 20 });
    await untilFresh(roles);
    return sinceKill(killedAtMs, takenOverAtMs(again));
  } finally {
    await again.stop('SIGKILL');
  }
}

const sinceKill = (killedAtMs: number, takenOver: readonly number[]): Measurement => ({
  's until the first is taken over': (Math.min(...takenOver) - killedAtMs) / 1000,
  's until the last is taken over': (Math.max(...takenOver) - killedAtMs) / 1000,
  's until all are fresh': (Date.now() - killedAtMs) / 1000,
});

function contestant(name: string, measure: (roles: Roles) => Promise<Measurement>): Contestant {
  return {
    name,
    async run(round) {
      const [ingestionPort = 0, metricsPort = 0] = await freePorts(2);
      const env = { KAFKA_BROKERS: kafka.bootstrap, POSTGRES_DSN: await postgres.newDatabase() };
      const group = `take-over-${++groups}`;
      const processor = async (): Promise<ChildProgram> => {
        const [port = 0] = await freePorts(1);
        const own = { HTTP_PORT: String(port), CONSUMER_GROUP: group, LOG_LEVEL: 'info' };
        const readyUrl = `http://127.0.0.1:${port}/health`;
        return startRole(options.program, 'metrics-processor', { env: { ...env, ...own }, readyUrl });
      };
      const role = (command: string, port: number): Promise<ChildProgram> =>
        startRole(options.program, command, {
          env: { ...env, HTTP_PORT: String(port) },
          readyUrl: `http://127.0.0.1:${port}/ready`,
        });
      const others = [await role('ingestion-api', ingestionPort), await role('metrics-api', metricsPort)];
      const stop = new AbortController();
      const sending = keepSending(ingestionPort, round, stop.signal);
      try {
        return await measure({ ingestionPort, metricsPort, processor });
      } finally {
        stop.abort();
        await sending;
        for (const each of others) await each.stop();
      }
    },
  };
}

let groups = 0;
const kafka = await BenchKafka.start({
  'group.consumer.session.timeout.ms': '45000',
  'group.consumer.min.session.timeout.ms': '45000',
  'group.consumer.heartbeat.interval.ms': '5000',
  'group.consumer.min.heartbeat.interval.ms': '5000',
});
const postgres = await BenchPostgres.start();
try {
  const contestants = [contestant(BY_OTHER, killOneOfTwo), contestant(BY_ITSELF, killAndStartAgain)];
  const outcomes = await contest(contestants, options.rounds);
  const verdicts = [BY_OTHER, BY_ITSELF].map((name): Verdict => {
    const measured = spreadOf(metricOf(outcomes, name, 's until all are fresh'));
    const question = `rows late after kill -9 of a processor: ${name}`;
    return { question, goal: `≤ ${GOAL_S} s`, measured, unit: ' s', isMet: measured.median <= GOAL_S };
  });
  report(
    {
      name: 'take-over',
      title: 'After kill -9 of a processor',
      method: `${RATE} events a second; brokers give a silent member up after 45 s, as they do by default. Rows are fresh when every partition is less than ${FRESH_MS / 1000} s behind.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
