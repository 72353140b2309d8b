import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in these. */
const TICKS_PER_SECOND = 100;
const USER_TICKS_AT = 11;
const KB_PER_MB = 1024;

/** CPU seconds that a process has used so far: all its threads, the children it has waited for, and those that live. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(USER_TICKS_AT, USER_TICKS_AT + 4).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_PER_SECOND + childrenOf(pid).reduce((sum, child) => sum + cpuSecondsOrZero(child), 0);
}

/** The largest resident set that a process ever had, in MB of 2^20 bytes. */
export function peakMemoryMbOf(pid: number): number {
  return statusMb(pid, 'VmHWM');
}

/** The resident set now. */
export function memoryMbOf(pid: number): number {
  return statusMb(pid, 'VmRSS');
}

function statusMb(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / KB_PER_MB);
}

/** Postgres works in children, which end when their client leaves. */
function cpuSecondsOrZero(pid: number): number {
  try {
    return cpuSecondsOf(pid);
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Says afterwards how many CPU seconds each of some processes used meanwhile. */
export class CpuMeter<Name extends string> {
  readonly #pids: Readonly<Record<Name, number>>;
  readonly #before: Readonly<Record<Name, number>>;
  readonly #startedMs = performance.now();

  constructor(pids: Readonly<Record<Name, number>>) {
    this.#pids = pids;
    this.#before = readAll(pids);
  }

  /** CPU seconds per name since the start. */
  used(): Record<Name, number> {
    const now = readAll(this.#pids);
    for (const name of Object.keys(now) as Name[]) now[name] -= this.#before[name];
    return now;
  }

  elapsedSeconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }
}

function readAll<Name extends string>(pids: Readonly<Record<Name, number>>): Record<Name, number> {
  const entries = Object.entries<number>(pids).map(([name, pid]) => [name, cpuSecondsOf(pid)]);
  return Object.fromEntries(entries) as Record<Name, number>;
}
