/** What was measured on a machine: all that a bill needs to know of the program. */
export interface UnitCosts {
  /** Ingestion, log, join, sums and commits together, until a call is readable. */
  readonly cpuMicrosPerCall: number;
  readonly logBytesPerCall: number;
  readonly keptCallBytes: number;
  /** A series in a minute in which it was active. */
  readonly rowBytes: number;
  readonly idleMemoryMb: number;
  /** A call whose id is still known, since it may come again. */
  readonly knownIdBytes: number;
}

export interface Traffic {
  readonly callsPerMonth: number;
  /** The busiest minute beside the mean. */
  readonly peak: number;
  readonly series: number;
}

/** What is kept, as the settings of these names say. */
export interface Keeping {
  readonly logDays: number;
  readonly callsDays: number;
  /** CALLS_PER_SECOND_MAX, for all partitions together. */
  readonly callsPerSecondMax: number;
  readonly horizonMinutes: number;
  /** METRICS_RETENTION; for `forever` as long as one wants to know the bill for. */
  readonly metricsDays: number;
}

export interface Machine {
  readonly cores: number;
  readonly memoryGb: number;
  /** Comes with it. */
  readonly diskGb: number;
  readonly usdPerMonth: number;
  /** Beyond what comes with it. */
  readonly usdPerGbMonth: number;
}

export interface Bill {
  readonly callsPerSecond: number;
  readonly callsPerSecondAtPeak: number;
  readonly coresAtPeak: number;
  readonly memoryMb: number;
  readonly logGb: number;
  readonly callsGb: number;
  readonly rowsGb: number;
  /** Of the machine's cores at the peak, of its memory, in the share that may be used; above 1 it is too small. */
  readonly cpuShare: number;
  readonly memoryShare: number;
  readonly usdPerMonth: number;
  readonly usdPerMillionCalls: number;
}

const DAY_SECONDS = 86_400;
const MONTH_DAYS = 30;
const MINUTES_PER_DAY = 1440;
const GB = 1e9;
const MB = 2 ** 20;
/** A core that is half busy at the peak answers at once, and leaves room for questions. */
const BUSY_MAX = 0.5;
const MEMORY_MAX = 0.75;

/**
 * One machine with its own files. The formulas, as `docs/capacity.md` has them:
 *
 *     calls/s  = calls a month ÷ 30 days
 *     cores    = calls/s × peak × CPU a call ÷ 0.5
 *     memory   = idle + calls/s × peak × horizon × bytes of an id
 *     log      = calls/s × log days × bytes of a call in the log
 *     calls    = min(calls/s, CALLS_PER_SECOND_MAX) × days × bytes of a kept call
 *     rows     = series × minutes × bytes of a row
 *     USD      = machine + (log + calls + rows − its disk) × price of a GB
 */
export function billOf(costs: UnitCosts, traffic: Traffic, keeping: Keeping, machine: Machine): Bill {
  const callsPerSecond = traffic.callsPerMonth / (MONTH_DAYS * DAY_SECONDS);
  const callsPerSecondAtPeak = callsPerSecond * traffic.peak;
  const coresAtPeak = (callsPerSecondAtPeak * costs.cpuMicrosPerCall) / 1e6;
  const knownIds = callsPerSecondAtPeak * keeping.horizonMinutes * 60;
  const memoryMb = costs.idleMemoryMb + (knownIds * costs.knownIdBytes) / MB;
  const logGb = (callsPerSecond * keeping.logDays * DAY_SECONDS * costs.logBytesPerCall) / GB;
  const keptPerSecond = Math.min(callsPerSecond, keeping.callsPerSecondMax);
  const callsGb = (keptPerSecond * keeping.callsDays * DAY_SECONDS * costs.keptCallBytes) / GB;
  const rowsGb = (traffic.series * keeping.metricsDays * MINUTES_PER_DAY * costs.rowBytes) / GB;
  const diskGbAbove = Math.max(0, logGb + callsGb + rowsGb - machine.diskGb);
  const usdPerMonth = machine.usdPerMonth + diskGbAbove * machine.usdPerGbMonth;
  return {
    callsPerSecond,
    callsPerSecondAtPeak,
    coresAtPeak,
    memoryMb,
    logGb,
    callsGb,
    rowsGb,
    cpuShare: coresAtPeak / (machine.cores * BUSY_MAX),
    memoryShare: memoryMb / (machine.memoryGb * 1024 * MEMORY_MAX),
    usdPerMonth,
    usdPerMillionCalls: usdPerMonth / (traffic.callsPerMonth / 1e6),
  };
}
