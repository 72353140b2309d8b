import { freePorts } from '../scripts/services/free-ports.ts';
import { LIMIT, MINUTES, MINUTES_IN_ANSWER, QueryRows, TENANTS } from './data/query-rows.ts';
import { type Answer, getRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { type Contestant, contest, type Measurement, metricOf, ratioOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, peakMemoryMbOf } from './measure/process-usage.ts';
import { report, type Verdict } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type ChildProgram, startRole } from './setup/child-program.ts';
import { buildOriginal } from './setup/original.ts';
import { QueryWriter } from './setup/query-writer.ts';
import { BenchPostgres } from './setup/services.ts';
import { withDatabase } from './setup/stored-rows.ts';

/** `GET /v1/metrics` with its defaults (the newest 60 rows of a tenant), 32 connections, over 100,000 rows in Postgres. */
const CONNECTIONS = 32;
const REQUESTS = 5_000;
/** Of those that are answered several thousand times a second, or a moment on another process's turn would be their p99. */
const QUICK_REQUESTS = 30_000;
/** One answer in so many is read and compared. */
const CHECK_EVERY = 20;

const ORIGINAL = 'original';
const REPEATED = 'StreamLens, asked again';
const DIFFERENT = 'StreamLens, all questions differ';
const WRITTEN = 'StreamLens, asked again while written';

/** Where an answer begins, in minutes before the newest; 0 for a question without `to`. */
type NewestMinuteOf = (index: number) => number;

const options = await benchOptions();
const postgres = await BenchPostgres.start();
const rows = new QueryRows(Date.now());

/** The same rows in the original's table. */
async function fillOriginal(dsn: string): Promise<void> {
  const all = Array.from(rows.all(), (row) => ({ ...row, start: new Date(row.startMs).toISOString() }));
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

interface Questions {
  readonly newestMinuteOf: NewestMinuteOf;
  /** Null: nothing was ever added to the rows. */
  readonly writer: QueryWriter | null;
  readonly isWritten: boolean;
  readonly count: number;
}

function requestOf(index: number, newestMinuteOf: NewestMinuteOf): Buffer {
  const minute = newestMinuteOf(index);
  const to = minute === 0 ? '' : `&to=${new Date(rows.startMs(minute - 1)).toISOString()}`;
  return getRequest(`/v1/metrics?tenant_id=tenant-${index % TENANTS}${to}`);
}

/** @throws where an answer lacks what was there when it was asked for, or has more than there is now */
function checkOf({ newestMinuteOf, writer }: Questions): (answer: Answer, index: number) => void {
  const addedBefore = Array.from({ length: TENANTS }, (_, tenant) => writer?.addedTo(tenant) ?? 0);
  return ({ body }, index) => {
    if (index % CHECK_EVERY !== 0) return;
    const tenant = index % TENANTS;
    const { metrics } = JSON.parse(body.toString()) as { metrics: { requests: number }[] };
    const sum = metrics.reduce((all, row) => all + row.requests, 0);
    const minute = newestMinuteOf(index);
    const expected = rows.requestsInAnswer(tenant, minute);
    const [least, most] =
      minute > 0
        ? [expected, expected]
        : [expected + (addedBefore[tenant] ?? 0), expected + (writer?.addedTo(tenant) ?? 0)];
    // A commit may be in the answer before its writer has heard that it is applied.
    const underWay = writer === null ? 0 : TENANTS;
    if (sum < least || sum > most + underWay) {
      throw new Error(`Tenant ${tenant} shows ${sum} requests instead of ${least} to ${most}`);
    }
  };
}

async function measure(service: ChildProgram, port: number, questions: Questions): Promise<Measurement> {
  const { newestMinuteOf, writer, isWritten } = questions;
  const count = Math.ceil(questions.count * options.size);
  const warmUp = Math.ceil(count / 5);
  const requests = Array.from({ length: count + warmUp }, (_, i) => requestOf(i, newestMinuteOf));
  const load = { port, connections: CONNECTIONS, status: 200 };
  try {
    if (isWritten) writer?.start();
    await sendAll(requests.slice(count), load);
    const check = checkOf(questions);
    const meter = new CpuMeter({ service: service.pid, database: postgres.pid });
    const writtenFrom = writer?.cpuSeconds() ?? 0;
    const sent = await sendAll(requests.slice(0, count), { ...load, check });
    const { service: serviceCpu, database } = meter.used();
    const databaseCpu = database - ((writer?.cpuSeconds() ?? 0) - writtenFrom);
    await writer?.stop();
    await sendAll(requests.slice(0, TENANTS), { ...load, check: checkOf(questions) });
    return {
      'requests/s': count / sent.seconds,
      'requests per CPU s (service)': count / serviceCpu,
      'requests per CPU s (service + database)': count / (serviceCpu + databaseCpu),
      'CPU ms a request, service': (serviceCpu / count) * 1000,
      'CPU ms a request, database': (databaseCpu / count) * 1000,
      'p50 ms': sent.p50Ms,
      'p99 ms': sent.p99Ms,
      'peak MB': peakMemoryMbOf(service.pid),
    };
  } finally {
    await writer?.stop();
    await service.stop();
  }
}

type Start = (dsn: string, port: number) => Promise<ChildProgram>;

function contestant(name: string, { dsn, start, ...questions }: Questions & { dsn: string; start: Start }): Contestant {
  return {
    name,
    async run() {
      const [port = 0] = await freePorts(1);
      return measure(await start(dsn, port), port, questions);
    },
  };
}

const startOurs: Start = (dsn, port) =>
  startRole(options.program, 'metrics-api', {
    env: { POSTGRES_DSN: dsn, HTTP_PORT: String(port) },
    readyUrl: `http://127.0.0.1:${port}/ready`,
  });

const isNewest: NewestMinuteOf = () => 0;
const isOther: NewestMinuteOf = (index) => 1 + (Math.floor(index / TENANTS) % (MINUTES - MINUTES_IN_ANSWER - 1));

async function ours(dsn: string, writer: QueryWriter): Promise<Contestant[]> {
  const common = { dsn, start: startOurs, writer };
  return [
    contestant(REPEATED, { ...common, newestMinuteOf: isNewest, isWritten: false, count: QUICK_REQUESTS }),
    contestant(DIFFERENT, { ...common, newestMinuteOf: isOther, isWritten: false, count: REQUESTS }),
    contestant(WRITTEN, { ...common, newestMinuteOf: isNewest, isWritten: true, count: QUICK_REQUESTS }),
  ];
}

/** It keeps no answers and knows no `to`, so that one kind of question stands for all. */
async function theirs(checkout: string): Promise<Contestant> {
  const original = await buildOriginal(checkout);
  const dsn = await postgres.newDatabase();
  await original.createTables(dsn);
  await fillOriginal(dsn);
  await withDatabase(dsn, (client) => client.query('VACUUM ANALYZE'));
  const start: Start = (database, port) =>
    original.start('metrics-api', {
      env: { POSTGRES_DSN: database, HTTP_PORT: String(port) },
      readyUrl: `http://127.0.0.1:${port}/health`,
    });
  return contestant(ORIGINAL, {
    dsn,
    start,
    newestMinuteOf: isNewest,
    writer: null,
    isWritten: false,
    count: REQUESTS,
  });
}

let writer: QueryWriter | null = null;
try {
  const dsn = await postgres.newDatabase();
  writer = await QueryWriter.open(dsn, rows);
  await writer.fill();
  await withDatabase(dsn, (client) => client.query('VACUUM ANALYZE'));
  const contestants = await ours(dsn, writer);
  if (options.original !== null) contestants.unshift(await theirs(options.original));
  const outcomes = await contest(contestants, options.rounds);
  const per = (metric: string, name: string) =>
    ratioOf(outcomes, `requests per CPU s (${metric})`, { ours: name, theirs: ORIGINAL });
  const ratio = (question: string, metric: string, name: string): Verdict => {
    const measured = per(metric, name);
    return { question, goal: '≥ 2 × the original', measured, unit: ' ×', isMet: measured.median >= 2 };
  };
  const p99 = (question: string, name: string): Verdict => {
    const measured = spreadOf(metricOf(outcomes, name, 'p99 ms'));
    return { question, goal: '≤ 15 ms', measured, unit: ' ms', isMet: measured.median <= 15 };
  };
  const both = 'service + database';
  const verdicts = [
    ratio('queries asked again, per CPU second, service + database', both, REPEATED),
    ratio('queries asked again, per CPU second, service', 'service', REPEATED),
    ratio('queries asked again while the store is written, per CPU second, service + database', both, WRITTEN),
    ratio('queries that all differ, per CPU second, service + database', both, DIFFERENT),
    p99('queries asked again, p99', REPEATED),
    p99('queries asked again while the store is written, p99', WRITTEN),
    p99('queries that all differ, p99', DIFFERENT),
  ];
  report(
    {
      name: 'query',
      title: 'Queries',
      method: `GET /v1/metrics?tenant_id=… (${LIMIT} rows) over ${CONNECTIONS} connections; ${TENANTS * 10 * MINUTES} rows of ${TENANTS} tenants in one Postgres. Asked again: ten questions in turn, with nothing written between them, or beside 40 commits a second of ten rows each, whose time in the database is not counted. All differ: each with another \`to\`. One answer in ${CHECK_EVERY} is compared.`,
      outcomes,
      verdicts,
    },
    { commit: options.program.version, keep: options.keep && options.original !== null },
  );
} finally {
  await writer?.close();
  await postgres.stop();
}
