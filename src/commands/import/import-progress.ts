import cliProgress from 'cli-progress';
import { grouped, percent, timeLeft } from '../traffic/time-left.ts';
import type { ImportWatch } from './import-sessions.ts';

export interface ShownImport extends Omit<ImportWatch, 'begin'> {
  begin(step: 'reading' | 'looking' | 'sending', total: number): void;
  retrying(why: string, waitMs: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;
const TICK_MS = 250;
const BAR_COLUMNS = 10;

const STEPS = {
  reading: { verb: 'reading', what: 'files' },
  looking: { verb: 'asking what is there already', what: 'sessions' },
  sending: { verb: 'sending', what: 'calls' },
} as const;

export type ImportStep = keyof typeof STEPS;

export interface ImportPace {
  readonly step: ImportStep;
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}

export function importLine({ step, done, total, elapsedMs }: ImportPace): string {
  const { verb, what } = STEPS[step];
  const left = timeLeft({ elapsedMs, done, total });
  return `${verb}: ${grouped(done)} of ${grouped(total)} ${what} (${percent(done, total)})${left}`;
}

/** A bar on a terminal; elsewhere a line every few seconds. */
export function showImportProgress(out: NodeJS.WriteStream = process.stderr): ShownImport {
  let pace = { step: 'reading' as ImportStep, done: 0, total: 0 };
  let startedMs = performance.now();
  let note = '';
  const line = () => importLine({ ...pace, elapsedMs: performance.now() - startedMs });
  const bar = out.isTTY ? startBar(out) : null;
  const tick = () => {
    if (pace.total === 0) return;
    if (bar === null) out.write(`${line()}\n`);
    else bar.update(pace.done / pace.total, { line: line(), note });
  };
  const timer = setInterval(tick, bar === null ? LINE_EVERY_MS : TICK_MS).unref();
  return {
    begin(step, total) {
      pace = { step, done: 0, total };
      startedMs = performance.now();
      if (bar !== null) tick();
    },
    done(count) {
      pace = { ...pace, done: pace.done + count };
      note = '';
    },
    retrying(why, waitMs) {
      note = ` | ${why}`;
      if (bar === null) out.write(`${why}; trying again in ${(waitMs / 1000).toFixed(1)} s\n`);
    },
    stop() {
      clearInterval(timer);
      if (bar === null) return;
      tick();
      bar.stop();
    },
  };
}

function startBar(stream: NodeJS.WriteStream): cliProgress.SingleBar {
  const options = { stream, format: '{bar} {line}{note}', hideCursor: true, barsize: BAR_COLUMNS };
  const bar = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
  bar.start(1, 0, { line: '', note: '' });
  return bar;
}
