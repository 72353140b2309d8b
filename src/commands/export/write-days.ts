import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInstant } from '../../events/timestamp.ts';
import {
  type DayTotals,
  type ExportedDay,
  type ExportManifest,
  type ExportQuestion,
  readManifest,
  writeManifest,
} from './manifest.ts';
import { writeFileWhole } from './write-file.ts';

const DAY_MS = 86_400_000;
/** A day that somebody changes each time it is read is left for another run. */
const ATTEMPTS_MAX = 3;

/** The file of a day as it is made. */
export interface DayFile {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Of what was taken so far. */
  readonly rowCount: () => number;
  /** Whether it comes to the store's sums of the day; null where it need not. */
  readonly isWhole: (totals: DayTotals) => boolean | null;
}

export interface ExportDaysPorts {
  /** The days that hold anything, by their midnights, with their sums. */
  readonly totalsOf: (fromMs: number, toMs: number) => Promise<ReadonlyMap<number, DayTotals>>;
  readonly fileOf: (dayMs: number) => Promise<DayFile>;
  readonly completeThroughMs: () => Promise<number | null>;
  readonly nowMs: () => number;
  readonly onDay: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

export interface ExportDaysOptions {
  readonly directory: string;
  readonly question: ExportQuestion;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether days that changed since they were written are written again. */
  readonly isRefresh: boolean;
  readonly streamlens: string;
}

export interface ExportDaysReport {
  readonly written: readonly ExportedDay[];
  /** How many were there already. */
  readonly keptCount: number;
  /** Dates of those among them whose sums are others now. */
  readonly changed: readonly string[];
  /** Dates of days of which the store has no longer all that would be exported. */
  readonly notWhole: readonly string[];
  readonly isStopped: boolean;
}

/**
 * A file for each day of UTC, below `date=2025-11-19`, and a manifest that names those that are whole. Interrupted at
 * any moment it can be run again, and goes on with the days that are missing.
 */
export async function exportDays(options: ExportDaysOptions, ports: ExportDaysPorts): Promise<ExportDaysReport> {
  const { directory, question, streamlens } = options;
  const manifest = await readManifest(directory);
  if (manifest !== null) requireSame(directory, manifest, question);
  const known = new Map((manifest?.days ?? []).map((day) => [day.date, day]));
  const days = await ports.totalsOf(options.fromMs, options.toMs);
  const report = { written: [] as ExportedDay[], keptCount: 0, changed: [] as string[], notWhole: [] as string[] };
  let done = 0;
  for (const [dayMs, totals] of days) {
    if (ports.signal.aborted) break;
    const before = known.get(dateOf(dayMs));
    const standing = before === undefined ? 'missing' : await standingOf(directory, before, totals);
    if (standing === 'changed' && !options.isRefresh) report.changed.push(dateOf(dayMs));
    if (standing === 'same' || (standing === 'changed' && !options.isRefresh)) {
      report.keptCount++;
    } else {
      const day = await writeDay({ ...options, dayMs, before: standing === 'missing' ? undefined : before }, ports);
      if (day === null) {
        if (!ports.signal.aborted) report.notWhole.push(dateOf(dayMs));
      } else {
        known.set(day.date, day);
        report.written.push(day);
        await writeManifest(directory, { streamlens, question, days: [...known.values()] });
      }
    }
    ports.onDay(++done, days.size);
  }
  return { ...report, isStopped: ports.signal.aborted };
}

function requireSame(directory: string, manifest: ExportManifest, question: ExportQuestion): void {
  for (const name of Object.keys(question) as (keyof ExportQuestion)[]) {
    const [had, wanted] = [JSON.stringify(manifest.question[name]), JSON.stringify(question[name])];
    if (had === wanted) continue;
    throw Object.assign(
      new Error(`${directory} holds an export whose ${name} is ${had}; name another directory for ${wanted}`),
      { code: 'setting-refused' },
    );
  }
}

type Standing = 'missing' | 'incomplete' | 'changed' | 'same';

async function standingOf(directory: string, day: ExportedDay, totals: DayTotals): Promise<Standing> {
  const size = await stat(join(directory, day.path)).then(
    (found) => found.size,
    () => -1,
  );
  if (size !== day.bytes) return 'missing';
  if (!day.is_complete) return 'incomplete';
  return isEqual(day.totals, totals) ? 'same' : 'changed';
}

const isEqual = (a: DayTotals, b: DayTotals): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);

interface DayToWrite extends ExportDaysOptions {
  readonly dayMs: number;
  /** A whole file that would be replaced. */
  readonly before: ExportedDay | undefined;
}

/** Null where the store has not, or no longer, all of it. */
async function writeDay(day: DayToWrite, ports: ExportDaysPorts): Promise<ExportedDay | null> {
  for (let attempt = 1; ; attempt++) {
    const written = await tryDay(day, ports);
    if (written !== 'changed' || attempt >= ATTEMPTS_MAX) return written === 'changed' ? null : written;
  }
}

async function tryDay(
  { directory, question, dayMs, before }: DayToWrite,
  ports: ExportDaysPorts,
): Promise<ExportedDay | null | 'changed'> {
  const completeThroughMs = await ports.completeThroughMs();
  const isComplete = completeThroughMs !== null && completeThroughMs >= dayMs + DAY_MS;
  const totals = await dayTotals(ports, dayMs);
  const path = `date=${dateOf(dayMs)}/${question.dataset}.${question.file_format}`;
  const file = await ports.fileOf(dayMs);
  let isChanged = false;
  const mayKeep = async (): Promise<boolean> => {
    if (ports.signal.aborted) return false;
    // What a store no longer keeps one by one is not taken from a file that has it.
    if (file.isWhole(totals) === null) return before === undefined || file.rowCount() >= before.rows;
    // A day that is not over may grow while it is read; it is written again anyway.
    if (!isComplete || file.isWhole(totals) === true) return true;
    isChanged = !isEqual(totals, await dayTotals(ports, dayMs));
    return false;
  };
  const written = await writeFileWhole(join(directory, path), stoppable(file.pieces, ports.signal), mayKeep);
  if (written === null) return isChanged ? 'changed' : null;
  return {
    date: dateOf(dayMs),
    path,
    rows: file.rowCount(),
    ...written,
    complete_until: completeThroughMs === null ? null : formatInstant(completeThroughMs),
    is_complete: isComplete,
    totals,
    written_at: formatInstant(ports.nowMs()),
  };
}

async function dayTotals(ports: ExportDaysPorts, dayMs: number): Promise<DayTotals> {
  return (await ports.totalsOf(dayMs, dayMs + DAY_MS)).get(dayMs) ?? {};
}

async function* stoppable(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (signal.aborted) return;
    yield piece;
  }
}

function dateOf(dayMs: number): string {
  return formatInstant(dayMs).slice(0, 10);
}
