import type { Correlation } from '../../src/events/correlation-key.ts';
import { Random } from './random.ts';

/** Everything about a schedule that is not the order of events: drawn once from the seed. */
export interface Plan {
  readonly seed: number;
  readonly partitionCount: number;
  readonly processorCount: number;
  readonly ingestionCount: number;
  readonly callCount: number;
  /** How many ids at least several tenants give to a call. */
  readonly sharedIdsMin: number;
  /** Of so many calls something malformed comes under their key. */
  readonly malformedRate: number;
  /** Calls of which several reporters tell by OTLP. */
  readonly traceCount: number;
  readonly correlation: Correlation;
  /** How long senders send, in virtual ms. */
  readonly trafficMs: number;
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
  /** Longer than any schedule, or so short that traces are closed in the middle of it. */
  readonly traceHorizonMs: number;
  readonly awakeReportsMax: number;
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
  /** Each as often among them as it happens. */
  readonly incidents: readonly IncidentKind[];
  /** By what calls are summed beside their series. */
  readonly dimensions: readonly string[];
  readonly areDimensionMinutesKept: boolean;
  /** Large, or so small that some are added up under the overflow. */
  readonly dimensionValuesMax: number;
  /** When the topics get how many partitions; null where they stay as they are. */
  readonly growth: Growth | null;
}

export type IncidentKind =
  | 'crash'
  | 'freeze'
  | 'stop'
  | 'rescale'
  | 'sender crash'
  | 'clock jump'
  | 'broker clock jump'
  | 'store outage'
  | 'log outage'
  | 'take-over';

const INCIDENTS: readonly IncidentKind[] = [
  'crash',
  'crash',
  'freeze',
  'freeze',
  'stop',
  'rescale',
  'sender crash',
  'clock jump',
  'broker clock jump',
  'store outage',
  'store outage',
  'log outage',
  'take-over',
  'take-over',
];

/**
 * Topics that grow in the middle of the traffic. Senders and processors hear of it one by one, and until then the
 * records of one id lie in two partitions, of which either may be read first. So what is decided by the order of the
 * log alone is not promised meanwhile (`docs/exactness.md`), and such a schedule has none of it: horizons are longer
 * than its traffic, repetitions repeat, ids are of one tenant and the broker's clock goes on.
 */
export interface Growth {
  readonly atMs: number;
  readonly partitionCount: number;
}

const HOUR = 3_600_000;
/** Longer than any traffic, with what is still under way at its end. */
const ROOMY_MS = 12_000;

export function drawPlan(seed: number): Plan {
  const random = new Random(seed, 1);
  const grainMs = random.pick([1, 10, 50, 100]);
  const plan: Omit<Plan, 'growth'> = {
    seed,
    partitionCount: random.int(1, 3),
    processorCount: random.int(1, 3),
    ingestionCount: random.int(1, 2),
    callCount: random.int(5, 50),
    sharedIdsMin: 0,
    malformedRate: 0.2,
    trafficMs: random.int(1000, 6000),
    joinTimeoutMs: random.int(5, 25) * 100,
    dedupHorizonMs: random.int(3, 30) * 100,
    traceHorizonMs: traceHorizonMs(seed),
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
    incidents: INCIDENTS,
    traceCount: random.pick([0, 2, 6, 12]),
    correlation: random.pick(['sender', 'sender', 'trace'] as const),
    // By itself, for what sleeps must change nothing.
    awakeReportsMax: new Random(seed, 9).pick([0, 3, 3000]),
    ...drawDimensions(new Random(seed, 11)),
  };
  return random.chance(0.15) ? growing(plan, random) : { ...plan, growth: null };
}

/** By itself, so that all else in a schedule stays what it was. */
function traceHorizonMs(seed: number): number {
  const random = new Random(seed, 10);
  return random.chance(0.35) ? random.int(2, 30) * 100 : 7 * 24 * HOUR;
}

/** By themselves as well. */
function drawDimensions(random: Random): Pick<Plan, 'dimensions' | 'areDimensionMinutesKept' | 'dimensionValuesMax'> {
  return {
    dimensions: random.pick([[], ['user'], ['user', 'session', 'metadata.n', 'metadata.sdk']]),
    areDimensionMinutesKept: random.chance(0.5),
    dimensionValuesMax: random.chance(0.2) ? 1 : 1_000_000,
  };
}

export function growing(plan: Omit<Plan, 'growth'>, random: Random): Plan {
  const growth = {
    atMs: random.int(0, plan.trafficMs),
    partitionCount: plan.partitionCount * random.pick([2, 2, 3]),
  };
  // In which hour a repetition is in the books depends on which of two was read first.
  const epochMs = plan.epochMs - (plan.epochMs % HOUR) + HOUR / 4;
  const horizons = { joinTimeoutMs: ROOMY_MS, dedupHorizonMs: ROOMY_MS, traceHorizonMs: 7 * 24 * HOUR };
  return { ...plan, ...horizons, epochMs, pendingMax: 1_000_000, callsPerSecondMax: 1_000_000, growth };
}
