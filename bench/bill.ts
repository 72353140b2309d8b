import { statSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bill, billOf, type Keeping, type Machine, type Traffic, type UnitCosts } from './bill/bill-of.ts';
import { EventGenerator } from './data/event-generator.ts';
import type { Oracle } from './data/oracle.ts';
import { assertEqual } from './data/oracle.ts';
import { postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { type Measurement, spreadOf } from './measure/contest.ts';
import { CpuMeter, memoryMbOf } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { programOf } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';
import { spanBodies } from './setup/model-spans.ts';

/**
 * `npm run bench -- bill`: what a thousand million calls a month cost on the machine that this runs on, from what a call
 * takes here. Say what you pay: `--usd 30 --disk-gb 80 --usd-per-gb 0.1`; and what you send: `--calls-per-month 1e9
 * --peak 4 --series 200`.
 */
const CALLS = 300_000;
const BATCH = 500;
const SPANS_PER_BODY = 256;
const CONNECTIONS = 8;
const TENANTS = 5;
const ROUTES = 8;
const MODELS = 5;
const WARM_UP_SHARE = 0.2;
/** By `docs/operations.md`, where it was measured with a million of them; a few more do not stand out from the rest. */
const KNOWN_ID_BYTES = 60;
/** The process, its tables and its log take these before the first event; so do files that are not there yet. */
const ALL_CALLS = { CALLS_PER_SECOND_MAX: '10000000' };
const NO_CALLS = { CALLS_PER_SECOND_MAX: '0' };

const DEFAULTS: Keeping = { logDays: 7, callsDays: 30, callsPerSecondMax: 1000, horizonMinutes: 15, metricsDays: 30 };
const LEAN: Keeping = { ...DEFAULTS, logDays: 1, callsDays: 7, callsPerSecondMax: 20 };

const { values } = parseArgs({
  options: {
    'calls-per-month': { type: 'string', default: '1e9' },
    peak: { type: 'string', default: '4' },
    series: { type: 'string', default: '200' },
    usd: { type: 'string', default: '30' },
    'disk-gb': { type: 'string', default: '80' },
    'usd-per-gb': { type: 'string', default: '0.1' },
    size: { type: 'string', default: '1' },
    'working-tree': { type: 'boolean', default: false },
    'no-keep': { type: 'boolean', default: false },
  },
});

function positive(name: Exclude<keyof typeof values, 'working-tree' | 'no-keep'>): number {
  const value = Number(values[name]);
  if (!(value > 0 && Number.isFinite(value)))
    throw new Error(`--${name} must be a number above 0; got ${values[name]}`);
  return value;
}

const size = positive('size');
const traffic: Traffic = {
  callsPerMonth: positive('calls-per-month'),
  peak: positive('peak'),
  series: positive('series'),
};
const machine: Machine = {
  cores: cpus().length,
  memoryGb: totalmem() / 2 ** 30,
  diskGb: positive('disk-gb'),
  usdPerMonth: positive('usd'),
  usdPerGbMonth: positive('usd-per-gb'),
};

interface Load {
  readonly warmUp: readonly Buffer[];
  readonly measured: readonly Buffer[];
  readonly status: number;
  readonly oracle: Oracle;
  readonly callsPerBody: number;
}

function split(bodies: readonly Buffer[], load: Omit<Load, 'warmUp' | 'measured'>): Load {
  const at = Math.max(1, Math.round(bodies.length * WARM_UP_SHARE));
  return { ...load, warmUp: bodies.slice(0, at), measured: bodies.slice(at) };
}

/** Half an hour of 200 series. */
function batches(): Load {
  const spanMs = 1_800_000;
  const events = new EventGenerator({
    seed: 226,
    calls: Math.round(CALLS * size),
    tenants: TENANTS,
    routes: ROUTES,
    models: MODELS,
    fromMs: Math.floor(Date.now() / 60_000) * 60_000 - spanMs,
    spanMs,
  });
  const bodies = [...events.batches(BATCH)].map(({ body }) =>
    postRequest('/v1/llm/events', 'application/x-ndjson', body),
  );
  return split(bodies, { status: 202, oracle: events.oracle, callsPerBody: BATCH / 2 });
}

function spans(): Load {
  const count = Math.max(2, Math.ceil((CALLS * size) / SPANS_PER_BODY));
  const { bodies, oracle } = spanBodies({ seed: 226, bodies: count, spansPerBody: SPANS_PER_BODY });
  const requests = bodies.map((body) => postRequest('/v1/traces', 'application/x-protobuf', body));
  return split(requests, { status: 200, oracle, callsPerBody: SPANS_PER_BODY });
}

interface Run {
  readonly cpuMicrosPerCall: number;
  readonly callsPerSecond: number;
  readonly idleMemoryMb: number;
  readonly logBytes: number;
  readonly storeBytes: number;
}

/** Sends it all into a new `up` until it is readable and equal to the oracle, and looks at the files that it leaves. */
async function run(name: string, load: Load, env: Readonly<Record<string, string>>): Promise<Run> {
  const up = await RunningUp.start(program, env);
  const idleMemoryMb = memoryMbOf(up.service.pid);
  const send = (requests: readonly Buffer[]) =>
    sendAll(requests, { port: up.ingestionPort, connections: CONNECTIONS, status: load.status });
  const calls = load.oracle.total('completed');
  try {
    await send(load.warmUp);
    const meter = new CpuMeter({ up: up.service.pid });
    await send(load.measured);
    await up.untilReadable(TENANTS, calls);
    const seconds = meter.elapsedSeconds();
    const measured = load.measured.length * load.callsPerBody;
    const cpuMicrosPerCall = (meter.used().up / measured) * 1e6;
    assertEqual(name, load.oracle, await up.rows(load.oracle));
    await up.stop('SIGTERM', true);
    const sizes = { logBytes: bytesOf(up, 'events.sqlite'), storeBytes: bytesOf(up, 'metrics.sqlite') };
    return { cpuMicrosPerCall, callsPerSecond: measured / seconds, idleMemoryMb, ...sizes };
  } finally {
    await up.stop();
  }
}

function bytesOf(up: RunningUp, file: string): number {
  return ['', '-wal'].reduce(
    (sum, end) => sum + (statSync(join(up.directory, `${file}${end}`), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** What a store takes that has counted one call. */
async function emptyBytes(): Promise<number> {
  const shape = { tenants: 1, routes: 1, models: 1 };
  const events = new EventGenerator({ seed: 1, calls: 1, ...shape, fromMs: Date.now(), spanMs: 1 });
  const bodies = [...events.batches(BATCH)].map(({ body }) =>
    postRequest('/v1/llm/events', 'application/x-ndjson', body),
  );
  const load = { warmUp: [], measured: bodies, status: 202, oracle: events.oracle, callsPerBody: 1 };
  return (await run('one call', load, NO_CALLS)).storeBytes;
}

interface Sender {
  readonly name: string;
  readonly costs: UnitCosts;
  readonly callsPerSecond: number;
}

/** A store with no call kept but the failed ones, and one with all: the difference is the calls. */
async function measure(): Promise<Sender[]> {
  const empty = await emptyBytes();
  const load = batches();
  const calls = load.oracle.total('completed');
  const failed = load.oracle.total('errors');
  const without = await run('batches, no calls kept', load, NO_CALLS);
  const withAll = await run('batches', load, ALL_CALLS);
  const keptCallBytes = (withAll.storeBytes - without.storeBytes) / (calls - failed);
  const rowBytes = (without.storeBytes - empty - failed * keptCallBytes) / load.oracle.rows.size;
  const otlp = spans();
  const ofSpans = await run('OTLP', otlp, ALL_CALLS);
  const common = { keptCallBytes, rowBytes, knownIdBytes: KNOWN_ID_BYTES };
  const sender = (
    name: string,
    { cpuMicrosPerCall, idleMemoryMb, logBytes, callsPerSecond }: Run,
    sent: number,
  ): Sender => ({
    name,
    costs: { ...common, cpuMicrosPerCall, idleMemoryMb, logBytesPerCall: logBytes / sent },
    callsPerSecond,
  });
  return [
    sender(`NDJSON, ${BATCH} events a body`, withAll, calls),
    sender(`OTLP, ${SPANS_PER_BODY} spans a body`, ofSpans, otlp.oracle.total('completed')),
  ];
}

function shown({ costs, callsPerSecond }: Sender, bill: Bill): Measurement {
  return {
    'CPU µs a call': costs.cpuMicrosPerCall,
    'calls/s taken here': callsPerSecond,
    'bytes a call in the log': costs.logBytesPerCall,
    'bytes of a kept call': costs.keptCallBytes,
    'bytes of a minute row': costs.rowBytes,
    'calls/s at the peak': bill.callsPerSecondAtPeak,
    'cores at the peak': bill.coresAtPeak,
    'memory MB': bill.memoryMb,
    'log GB': bill.logGb,
    'calls GB': bill.callsGb,
    'rows GB': bill.rowsGb,
    'USD a month': bill.usdPerMonth,
    'USD a million calls': bill.usdPerMillionCalls,
  };
}

const program = await programOf(values['working-tree']);
const senders = await measure();
const bills = senders.flatMap((sender) =>
  [
    { name: `${sender.name}, default settings`, keeping: DEFAULTS },
    { name: `${sender.name}, log 1 day, 20 calls/s for 7 days`, keeping: LEAN },
  ].map(({ name, keeping }) => ({ name, sender, bill: billOf(sender.costs, traffic, keeping, machine) })),
);
const fits = Math.max(...bills.map(({ bill }) => Math.max(bill.cpuShare, bill.memoryShare)));
const slowest = Math.min(...senders.map(({ callsPerSecond }) => callsPerSecond));
const peak = Math.max(...bills.map(({ bill }) => bill.callsPerSecondAtPeak));
const millions = (traffic.callsPerMonth / 1e6).toLocaleString('en');
report(
  {
    name: 'bill',
    title: 'A bill',
    method: `${millions} million calls in 30 days, ${traffic.peak} times the mean at the peak, ${traffic.series} series active in each minute, on one machine with its own files (\`up\`): ${machine.cores} cores, ${machine.memoryGb.toFixed(0)} GB, ${machine.diskGb} GB of disk, ${machine.usdPerMonth} USD a month and ${machine.usdPerGbMonth} USD for each GB above (prices are assumed; say yours). Computed by the formulas of [capacity.md](../docs/capacity.md) from what ${Math.round(CALLS * size)} calls took here, all rows of which are compared with the oracle. Rows are those of 30 days before they are packed.`,
    outcomes: new Map(bills.map(({ name, sender, bill }) => [name, [shown(sender, bill)]])),
    verdicts: [
      {
        question: `${millions} million calls a month on this machine, cores (half busy) and memory (three quarters) that the peak needs`,
        goal: '≤ 1 × what it has',
        measured: spreadOf([fits]),
        unit: ' ×',
        isMet: fits <= 1,
      },
      {
        question: `${millions} million calls a month on this machine, calls a second that it took with the generator beside it`,
        goal: `≥ ${Math.ceil(peak)}, the peak`,
        measured: spreadOf([slowest]),
        unit: '/s',
        isMet: slowest >= peak,
      },
    ],
  },
  { commit: program.version, keep: !values['no-keep'] && size >= 1 },
);
