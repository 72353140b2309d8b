import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { assertEqual } from './data/oracle.ts';
import { FreshnessProbe } from './load/freshness-probe.ts';
import { LivePage } from './load/live-page.ts';
import { SteadyLoad } from './load/steady-load.ts';
import { type Measurement, spreadOf } from './measure/contest.ts';
import { directoryMb } from './measure/directory-mb.ts';
import { CpuMeter, memoryMbOf } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { programOf } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';

/** `npm run bench -- soak [--minutes 30] [--working-tree] [--no-keep]`: is anything different after half an hour of work? */
const RATE = 5_000;
const BATCH = 50;
const TENANTS = 5;
const PAGES = 6;
const PROBE_PAUSE_MS = 500;
const SAMPLES = 180;
const SAMPLE_SECONDS_MIN = 2;
/** The join knows ids for 15 minutes by default, so it has all that it ever has a minute later. */
const HORIZON_MINUTES = 16;
const NAME = 'StreamLens up';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'working-tree': { type: 'boolean', default: false },
    'no-keep': { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes >= 0.5)) throw new Error('--minutes must be a number from 0.5');
const seconds = minutes * 60;
const program = await programOf(values['working-tree']);

const load = new SteadyLoad({ eventsPerSecond: RATE, eventsPerBatch: BATCH, seconds, seed: 22 });
const up = await RunningUp.start(program);

/** Freshness until the load is over, in the order of the probes. */
async function keepProbing(probe: FreshnessProbe, into: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    into.push(await probe.once());
    await sleep(PROBE_PAUSE_MS);
  }
}

async function keepSampling(
  pages: readonly LivePage[],
  freshMs: number[],
  signal: AbortSignal,
): Promise<Measurement[]> {
  const samples: Measurement[] = [];
  const everyMs = Math.max(SAMPLE_SECONDS_MIN, seconds / SAMPLES) * 1000;
  const startedMs = performance.now();
  for (let meter = newMeter(), sent = 0, changes = 0; ; meter = newMeter()) {
    const elapsedMs = performance.now() - startedMs;
    await sleep(everyMs - (elapsedMs % everyMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return samples;
    const fresh = freshMs.splice(0).sort((a, b) => a - b);
    const waits = pages.flatMap((page) => page.takeWaitsMs()).sort((a, b) => a - b);
    const heard = pages.reduce((sum, page) => sum + page.changes, 0);
    const over = meter.elapsedSeconds();
    samples.push({
      minute: (performance.now() - startedMs) / 60_000,
      'memory MB': memoryMbOf(up.service.pid),
      'readable after, p50 ms': quantileOf(fresh, 0.5),
      'readable after, highest ms': fresh.at(-1) ?? Number.NaN,
      'question p50 ms': quantileOf(waits, 0.5),
      'question p99 ms': quantileOf(waits, 0.99),
      'questions/s': waits.length / over,
      'changes heard/s': (heard - changes) / over,
      'events/s': (load.sent - sent) / over,
      cores: meter.used().up / over,
      'disk MB': directoryMb(up.directory),
    });
    [sent, changes] = [load.sent, heard];
  }
}

const newMeter = (): CpuMeter<'up'> => new CpuMeter({ up: up.service.pid });

function quantileOf(sorted: readonly number[], q: number): number {
  return sorted[Math.ceil(q * sorted.length) - 1] ?? Number.NaN;
}

/** How much more memory the last half of what is compared has than the first. */
function growthOf(samples: readonly Measurement[]): number {
  const end = samples.at(-1)?.['minute'] ?? 0;
  const fromMinute = end > HORIZON_MINUTES + 4 ? HORIZON_MINUTES : end / 2;
  const compared = samples.filter(({ minute = 0 }) => minute >= fromMinute).map((sample) => sample['memory MB'] ?? 0);
  const half = compared.length >> 1;
  return spreadOf(compared.slice(half)).median / spreadOf(compared.slice(0, half)).median;
}

async function soak(): Promise<Measurement[]> {
  const probe = await FreshnessProbe.open(up);
  const pages = await Promise.all(
    Array.from({ length: PAGES }, (_, page) => LivePage.open(`tenant-${page % TENANTS}`, up.metricsPort)),
  );
  const stop = new AbortController();
  const freshMs: number[] = [];
  try {
    const around = [keepProbing(probe, freshMs, stop.signal), ...pages.map((page) => page.run(stop.signal))];
    const sampling = keepSampling(pages, freshMs, stop.signal);
    const failure = Promise.all(around);
    // Whatever fails first ends the run; otherwise the load does.
    await Promise.race([load.run(up.ingestionPort, stop.signal), failure]);
    stop.abort();
    await failure;
    return await sampling;
  } finally {
    stop.abort();
    probe.close();
    for (const page of pages) page.close();
  }
}

try {
  const samples = await soak();
  await up.untilReadable(TENANTS, load.oracle.total('completed'));
  assertEqual(NAME, load.oracle, await up.rows(load.oracle));
  const growth = growthOf(samples);
  const fresh = spreadOf(samples.map((sample) => sample['readable after, highest ms'] ?? 0).filter(Number.isFinite));
  const calls = load.oracle.total('completed');
  report(
    {
      name: 'soak',
      title: 'Half an hour of work',
      method: `${RATE} events a second in batches of ${BATCH} into \`up\` for ${minutes} minutes, ${calls} calls in all; ${PAGES} live pages hear of changes (SSE) and ask four questions about the last hour each second; a probe follows two events a second until they are readable. A column is the median (lowest–highest) of ${samples.length} samples. All rows are compared with the oracle at the end. Memory grows for 15 minutes, as long as ids are known (\`DEDUP_HORIZON\`), and is compared after that.`,
      outcomes: new Map([[NAME, samples]]),
      verdicts: [
        {
          question: `memory after ${minutes} minutes at ${RATE} events/s, beside what it was when all ids of the horizon were known`,
          goal: '≤ 1.05 ×',
          measured: spreadOf([growth]),
          unit: ' ×',
          isMet: growth <= 1.05,
        },
        {
          question: `an event is readable, ${RATE} events/s and ${PAGES} live pages: the slowest of each sample`,
          goal: '≤ 1 s',
          measured: fresh,
          unit: ' ms',
          isMet: fresh.median <= 1000,
        },
      ],
    },
    { commit: program.version, keep: minutes >= 30 && !values['no-keep'] },
  );
} finally {
  await up.stop();
}
