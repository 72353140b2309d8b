import type { Correlation } from '../../src/events/correlation-key.ts';
import { Random } from './random.ts';

/** Everything about a schedule that is not the order of events: drawn once from the seed. */
export interface Plan {
  readonly seed: number;
  readonly partitionCount: number;
  readonly processorCount: number;
  readonly ingestionCount: number;
  readonly callCount: number;
  /** Calls of which several reporters tell by OTLP. */
  readonly traceCount: number;
  readonly correlation: Correlation;
  /** How long senders send, in virtual ms. */
  readonly trafficMs: number;
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
  readonly traceHorizonMs: number;
  readonly commitIntervalMs: number;
  readonly pollBytesMax: number;
  /** Large, or so small that it is hit: then calls are given up and only weaker promises hold. */
  readonly pendingMax: number;
  /** Large, or so small that single calls are sampled. */
  readonly callsPerSecondMax: number;
  readonly replayRecordsMax: number;
  readonly replayPerWaiting: number;
  readonly effectRecordsMax: number;
  readonly queueBytesMax: number;
  readonly appendTimeoutMs: number;
  /** Log stamps are multiples of this, so that exact boundaries are hit. */
  readonly clockGrainMs: number;
  readonly epochMs: number;
  /** Probability that a call of a port misbehaves. */
  readonly faultRate: number;
  readonly latencyMsMax: number;
  /** Crashes, pauses, outages, jumps per second of virtual time, each. */
  readonly incidentRate: number;
}

const HOUR = 3_600_000;

export function drawPlan(seed: number): Plan {
  const random = new Random(seed, 1);
  const grainMs = random.pick([1, 10, 50, 100]);
  return {
    seed,
    partitionCount: random.int(1, 3),
    processorCount: random.int(1, 3),
    ingestionCount: random.int(1, 2),
    callCount: random.int(5, 50),
    trafficMs: random.int(1000, 6000),
    joinTimeoutMs: random.int(5, 25) * 100,
    dedupHorizonMs: random.int(3, 30) * 100,
    traceHorizonMs: 7 * 24 * HOUR,
    commitIntervalMs: random.pick([20, 50, 200, 1000]),
    pollBytesMax: random.pick([1, 500, 3000, 100_000]),
    pendingMax: random.chance(0.1) ? random.int(1, 6) : 1_000_000,
    callsPerSecondMax: random.chance(0.1) ? random.int(1, 5) : 1_000_000,
    replayRecordsMax: random.pick([1, 5, 20, 1000]),
    replayPerWaiting: random.pick([0, 1, 4]),
    effectRecordsMax: random.pick([3, 30, 100_000]),
    queueBytesMax: random.pick([600, 5000, 1_000_000]),
    appendTimeoutMs: random.pick([100, 500, 2000]),
    clockGrainMs: grainMs,
    // Runs begin shortly before an hour or a day, so that windows and audit rows change meanwhile.
    epochMs: Date.UTC(2025, 10, 19) + random.int(0, 24) * HOUR - random.int(0, 6000),
    faultRate: random.pick([0, 0.02, 0.1, 0.25]),
    latencyMsMax: random.pick([0, 5, 30, 200]),
    incidentRate: random.pick([0, 0.1, 0.4, 1]),
    // Last, for the seeds that catch rare bugs are known by what is drawn before.
    traceCount: random.pick([0, 2, 6, 12]),
    correlation: random.pick(['sender', 'sender', 'trace'] as const),
  };
}
