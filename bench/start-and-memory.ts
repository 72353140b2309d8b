import { setTimeout as sleep } from 'node:timers/promises';
import { contest, metricOf, spreadOf } from './measure/contest.ts';
import { CpuMeter, memoryMbOf } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { RunningUp } from './setup/embedded.ts';

/** From starting `up` with new files until it is ready, and its memory when it has been idle for a while. */
const IDLE_MS = 10_000;
const NAME = 'streamlens up';

const options = await benchOptions();
const contestant = {
  name: NAME,
  async run() {
    const startedMs = performance.now();
    const up = await RunningUp.start(options.program);
    const seconds = (performance.now() - startedMs) / 1000;
    try {
      const startMb = memoryMbOf(up.service.pid);
      const meter = new CpuMeter({ up: up.service.pid });
      await sleep(IDLE_MS);
      const milliCores = (meter.used().up / meter.elapsedSeconds()) * 1000;
      return {
        's to ready': seconds,
        'MB when ready': startMb,
        'MB idle': memoryMbOf(up.service.pid),
        'idle CPU, ms a second': milliCores,
      };
    } finally {
      await up.stop();
    }
  },
};
const outcomes = await contest([contestant], Math.max(options.rounds, 5));
const seconds = spreadOf(metricOf(outcomes, NAME, 's to ready'));
const mb = spreadOf(metricOf(outcomes, NAME, 'MB idle'));
report(
  {
    name: 'start-and-memory',
    title: 'Start and idle memory',
    method: `Embedded, a new data directory, until /ready of the metrics API answers 200; memory after ${IDLE_MS / 1000} s without work.`,
    outcomes,
    verdicts: [
      { question: 'start of `up`', goal: '≤ 1 s', measured: seconds, unit: ' s', isMet: seconds.median <= 1 },
      { question: 'idle memory of `up`', goal: '≤ 150 MB', measured: mb, unit: ' MB', isMet: mb.median <= 150 },
    ],
  },
  { commit: options.program.version, keep: options.keep },
);
