import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { servicesDirectory } from '../../scripts/services/services-directory.ts';

/** What a commit took on this machine. */
export interface Baseline {
  readonly commit: string;
  readonly measuredAt: string;
  /** CPU µs per event, span or query: medians of the run. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  /** CPU ms of a fixed piece of work in the same run: a busy or throttled machine takes longer for that as well. */
  readonly yardstickMs: number;
}

interface Stored {
  readonly machine: string;
  /** The first one of the machine, or what `--set-baseline` put in its place; then the newest per commit. */
  readonly baseline: Baseline;
  readonly newest: readonly Baseline[];
}

const NEWEST_MAX = 50;

/** Figures of other processors or Node versions are not comparable. */
export function machineOfBaselines(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
}

export function readBaseline(): Baseline | null {
  return read()?.baseline ?? null;
}

/** Keeps a run. @returns the file, which git ignores */
export function storeRun(run: Baseline, { isBaseline }: { isBaseline: boolean }): string {
  const stored = read();
  const others = (stored?.newest ?? []).filter(({ commit }) => commit !== run.commit);
  const next: Stored = {
    machine: machineOfBaselines(),
    baseline: isBaseline ? run : (stored?.baseline ?? run),
    newest: [run, ...others].slice(0, NEWEST_MAX),
  };
  mkdirSync(directory(), { recursive: true });
  writeFileSync(file(), `${JSON.stringify(next, null, 2)}\n`);
  return file();
}

/** CPU ms of work that never changes: what JSON, text and numbers take here and now. */
export function yardstickMs(): number {
  const line = JSON.stringify({
    id: 'a'.repeat(36),
    at: '2025-11-19T10:00:05Z',
    tokens: [1, 2, 3],
    text: 'x'.repeat(60),
  });
  const before = process.cpuUsage();
  let sum = 0;
  for (let i = 0; i < YARDSTICK_TURNS; i++) {
    const parsed = JSON.parse(line) as { id: string; tokens: number[] };
    for (let at = 0; at < parsed.id.length; at++) sum = Math.imul(sum ^ parsed.id.charCodeAt(at), 0x01000193);
    sum += parsed.tokens.length;
  }
  const { user, system } = process.cpuUsage(before);
  // The sum is looked at, so that the compiler cannot leave the work out.
  if (!Number.isInteger(sum)) throw new Error('The yardstick is broken');
  return (user + system) / 1000;
}

const YARDSTICK_TURNS = 300_000;

function read(): Stored | null {
  return existsSync(file()) ? (JSON.parse(readFileSync(file(), 'utf8')) as Stored) : null;
}

function file(): string {
  const key = createHash('sha256').update(machineOfBaselines()).digest('hex').slice(0, 12);
  return join(directory(), `${key}.json`);
}

function directory(): string {
  return join(servicesDirectory(), 'bench-baselines');
}
