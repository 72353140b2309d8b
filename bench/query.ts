import { freePorts } from '../scripts/services/free-ports.ts';
import { TOPICS } from '../src/events/topics.ts';
import type { Commit, TallyDelta } from '../src/metrics-store/commit.ts';
import { openPostgresMetricsStore } from '../src/metrics-store/postgres/postgres-metrics-store.ts';
import { makeTally } from './data/made-tally.ts';
import { SeededRandom } from './data/seeded-random.ts';
import { type Answer, getRequest } from './load/http-lane.ts';
import { sendAll } from './load/send-all.ts';
import { type Contestant, contest, type Measurement, metricOf, ratioOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type ChildProgram, startRole } from './setup/child-program.ts';
import { buildOriginal } from './setup/original.ts';
import { BenchPostgres } from './setup/services.ts';
import { withDatabase } from './setup/stored-rows.ts';

/** `GET /v1/metrics` with its defaults (the newest 60 rows of a tenant), 32 connections, over 100,000 rows in Postgres. */
const TENANTS = 10;
const SERIES_PER_TENANT = 10;
const MINUTES = 1000;
const CONNECTIONS = 32;
const REQUESTS = 5_000;
const CALLS_PER_ROW = 30;
const LIMIT = 60;
const MINUTE_MS = 60_000;
/** One answer in so many is read and compared. */
const CHECK_EVERY = 20;

const ORIGINAL = 'original';
const OURS = 'StreamLens';

const options = await benchOptions();
const postgres = await BenchPostgres.start();
const newestMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS;

/** Requests in a row: any function of its place will do. */
const requestsOf = (series: number, minute: number): number => CALLS_PER_ROW + ((series * 7 + minute) % 5);

function* rows(): Generator<{ tenant: string; route: string; series: number; startMs: number; requests: number }> {
  for (let minute = 0; minute < MINUTES; minute++) {
    for (let series = 0; series < TENANTS * SERIES_PER_TENANT; series++) {
      const startMs = newestMs - minute * MINUTE_MS;
      const route = `route-${Math.floor(series / TENANTS)}`;
      yield { tenant: `tenant-${series % TENANTS}`, route, series, startMs, requests: requestsOf(series, minute) };
    }
  }
}

/** The newest 60 rows of a tenant are its 10 series' newest six minutes. */
function expectedRequests(tenant: number): number {
  let sum = 0;
  for (let minute = 0; minute < LIMIT / SERIES_PER_TENANT; minute++) {
    for (let i = 0; i < SERIES_PER_TENANT; i++) sum += requestsOf(i * TENANTS + tenant, minute);
  }
  return sum;
}

async function fillOurs(dsn: string): Promise<void> {
  const random = new SeededRandom(3);
  const store = await openPostgresMetricsStore({ dsn });
  const deltas: TallyDelta[] = Array.from(rows(), ({ tenant, route, startMs, requests }) => ({
    series: { tenantId: tenant, route, model: 'gpt-4o', provider: 'openai' },
    windowStartMs: startMs,
    tally: makeTally(random, requests),
  }));
  const perCommit = 5_000;
  for (let at = 0, seq = 0; at < deltas.length; at += perCommit, seq++) {
    await store.commit(commitOf(seq, deltas.slice(at, at + perCommit)));
  }
  await store.close();
}

function commitOf(seq: number, tallies: readonly TallyDelta[]): Commit {
  const nothing = { usages: [], calls: [], evaluations: [], deadLetters: [], audits: [], checkpoint: null };
  const positions = { [TOPICS.requests]: 1, [TOPICS.responses]: 1, [TOPICS.evaluations]: 0 };
  const times = { completeThroughMs: Date.now(), committedAtMs: Date.now() };
  return { partition: 0, expectedSeq: seq, token: `fill-${seq}`, positions, ...times, tallies, ...nothing };
}

/** The same rows in the original's table. */
async function fillOriginal(dsn: string): Promise<void> {
  const all = [...rows()].map((row) => ({ ...row, start: new Date(row.startMs).toISOString() }));
  await withDatabase(dsn, async (client) => {
    await client.query(
      `INSERT INTO llm_metrics (tenant_id, route, model, window_start, window_end, requests, errors, avg_latency_ms,
         p95_latency_ms, avg_prompt_tokens, avg_completion_tokens, estimated_cost_usd)
       SELECT tenant, route, 'gpt-4o', start, start + interval '1 minute', requests, 1, 732.4, 1234, 300.1, 420.6, 2.31
       FROM json_to_recordset($1) AS x (tenant text, route text, start timestamp, requests int)`,
      [JSON.stringify(all)],
    );
  });
}

async function measure(service: ChildProgram, port: number): Promise<Measurement> {
  try {
    const wanted = Array.from({ length: TENANTS }, (_, tenant) => getRequest(`/v1/metrics?tenant_id=tenant-${tenant}`));
    const count = Math.ceil(REQUESTS * options.size);
    const requests = Array.from({ length: count }, (_, i) => wanted[i % TENANTS] as Buffer);
    const load = { port, connections: CONNECTIONS, status: 200 };
    await sendAll(requests.slice(0, Math.ceil(count / 5)), load);
    const check = ({ body }: Answer, index: number): void => {
      if (index % CHECK_EVERY !== 0) return;
      const { metrics } = JSON.parse(body.toString()) as { metrics: { requests: number }[] };
      const sum = metrics.reduce((all, row) => all + row.requests, 0);
      const expected = expectedRequests(index % TENANTS);
      if (sum !== expected) throw new Error(`Tenant ${index % TENANTS} shows ${sum} requests instead of ${expected}`);
    };
    const meter = new CpuMeter({ service: service.pid, database: postgres.pid });
    const sent = await sendAll(requests, { ...load, check });
    const cpu = meter.used();
    return {
      'requests/s': count / sent.seconds,
      'requests per CPU s (service)': count / cpu.service,
      'requests per CPU s (service + database)': count / (cpu.service + cpu.database),
      'CPU ms a request, service': (cpu.service / count) * 1000,
      'CPU ms a request, database': (cpu.database / count) * 1000,
      'p50 ms': sent.p50Ms,
      'p99 ms': sent.p99Ms,
      'peak MB': peakMemoryMbOf(service.pid),
    };
  } finally {
    await service.stop();
  }
}

async function contestant(name: string, dsn: string, start: typeof startOurs): Promise<Contestant> {
  return {
    name,
    async run() {
      const [port = 0] = await freePorts(1);
      return measure(await start(dsn, port), port);
    },
  };
}

const startOurs = (dsn: string, port: number): Promise<ChildProgram> =>
  startRole(options.program, 'metrics-api', {
    env: { POSTGRES_DSN: dsn, HTTP_PORT: String(port) },
    readyUrl: `http://127.0.0.1:${port}/ready`,
  });

try {
  const ourDsn = await postgres.newDatabase();
  await fillOurs(ourDsn);
  const contestants = [await contestant(OURS, ourDsn, startOurs)];
  if (options.original !== null) {
    const original = await buildOriginal(options.original);
    const dsn = await postgres.newDatabase();
    await original.createTables(dsn);
    await fillOriginal(dsn);
    const start = (database: string, port: number): Promise<ChildProgram> =>
      original.start('metrics-api', {
        env: { POSTGRES_DSN: database, HTTP_PORT: String(port) },
        readyUrl: `http://127.0.0.1:${port}/health`,
      });
    contestants.unshift(await contestant(ORIGINAL, dsn, start));
    for (const database of [ourDsn, dsn]) await withDatabase(database, (client) => client.query('VACUUM ANALYZE'));
  }
  const outcomes = await contest(contestants, options.rounds);
  const names = { ours: OURS, theirs: ORIGINAL };
  const all = ratioOf(outcomes, 'requests per CPU s (service + database)', names);
  const service = ratioOf(outcomes, 'requests per CPU s (service)', names);
  const p99 = spreadOf(metricOf(outcomes, OURS, 'p99 ms'));
  const goal = '≥ 2 × the original';
  const verdicts: Verdict[] = [
    { question: 'queries per CPU second, service + database', goal, measured: all, unit: ' ×', isMet: all.median >= 2 },
    { question: 'queries per CPU second, service', goal, measured: service, unit: ' ×', isMet: service.median >= 2 },
    { question: 'queries, p99', goal: '≤ 15 ms', measured: p99, unit: ' ms', isMet: p99.median <= 15 },
  ];
  report(
    {
      name: 'query',
      title: 'Queries',
      method: `GET /v1/metrics?tenant_id=… (${LIMIT} rows) over ${CONNECTIONS} connections; ${TENANTS * SERIES_PER_TENANT * MINUTES} rows of ${TENANTS} tenants in one Postgres. One answer in ${CHECK_EVERY} is compared.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep && options.original !== null },
  );
} finally {
  await postgres.stop();
}
