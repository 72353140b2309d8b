import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { metricOf, type Outcomes, type Spread, showSpread, spreadOf } from './contest.ts';

/** One line of the table of goals. */
export interface Verdict {
  readonly question: string;
  readonly goal: string;
  readonly measured: Spread;
  readonly unit: string;
  readonly isMet: boolean;
}

export interface Report {
  /** Names the file in `bench/results/`. */
  readonly name: string;
  readonly title: string;
  /** How it was done, in a sentence or two. */
  readonly method: string;
  readonly outcomes: Outcomes;
  readonly verdicts: readonly Verdict[];
}

/** As it is kept, so that tables and plots can be drawn without measuring again. */
export interface StoredReport extends Omit<Report, 'outcomes'> {
  readonly command: string;
  readonly commit: string;
  readonly machine: string;
  readonly measuredAt: string;
  readonly outcomes: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>>;
}

export const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/** Prints the table and keeps it in `bench/results/`, unless this was a smoke run. */
export function report(found: Report, { commit, keep }: { commit: string; keep: boolean }): void {
  const { name, outcomes, ...rest } = found;
  console.log(`\n${tableOf(outcomes)}\n`);
  for (const verdict of found.verdicts) console.log(verdictLine(verdict));
  if (!keep) return;
  const stored: StoredReport = {
    name,
    ...rest,
    command: commandLine(),
    commit,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
    measuredAt: new Date().toISOString(),
    outcomes: Object.fromEntries(outcomes),
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(stored, null, 2)}\n`);
}

export function verdictLine({ question, goal, measured, unit, isMet }: Verdict): string {
  return `${isMet ? 'met   ' : 'MISSED'} ${question}: ${showSpread(measured)}${unit} (goal ${goal})`;
}

/** A row per contestant, a column per metric: median (lowest–highest). */
export function tableOf(outcomes: Outcomes): string {
  const metrics = [...new Set([...outcomes.values()].flat().flatMap((measured) => Object.keys(measured)))];
  const rows = [...outcomes.keys()].map((name) =>
    [name, ...metrics.map((metric) => showSpread(spreadOf(present(metricOf(outcomes, name, metric)))))].join(' | '),
  );
  const head = ['', ...metrics].join(' | ');
  return [head, head.replaceAll(/[^|]+/g, '---'), ...rows].map((row) => `| ${row} |`).join('\n');
}

function present(values: readonly number[]): number[] {
  return values.filter((value) => Number.isFinite(value));
}

function commandLine(): string {
  const [, script = '', ...rest] = process.argv;
  const question = /([\w-]+)\.ts$/.exec(script)?.[1] ?? script;
  // Where the peers' checkouts lie is different on every machine.
  const shown = rest.map((word, i) => (rest[i - 1] === '--original' ? 'DIR' : word));
  return ['npm run bench --', question, ...shown].join(' ');
}
