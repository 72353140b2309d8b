import cliProgress from 'cli-progress';
import { grouped, percent, timeLeft } from '../traffic/time-left.ts';
import type { BackfillWatch } from './backfill.ts';

export interface ShownProgress extends BackfillWatch {
  retrying(why: string, waitMs: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;
const TICK_MS = 250;
const MIB = 1024 * 1024;
const BAR_COLUMNS = 10;

/** What was read and sent so far. Short enough for 80 columns beside its bar. */
export function backfillLine({ bytes, size, events, elapsedMs }: BackfillPace): string {
  const mib = (bytes / MIB).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const share = size === null || size === 0 ? '' : ` (${percent(bytes, size)})`;
  const rate = elapsedMs < 1000 ? '' : `, ${grouped(Math.round((events * 1000) / elapsedMs))}/s`;
  return `${mib} MiB${share}, ${grouped(events)} events${rate}${timeLeft({ elapsedMs, done: bytes, total: size ?? 0 })}`;
}

interface BackfillPace {
  readonly bytes: number;
  /** The size of the file in bytes; null where nobody knows how much comes. */
  readonly size: number | null;
  readonly events: number;
  readonly elapsedMs: number;
}

/** A bar with bytes, events a second and the time to go on a terminal; elsewhere a line every few seconds. */
export function showBackfillProgress(size: number | null, out: NodeJS.WriteStream = process.stderr): ShownProgress {
  const startedMs = performance.now();
  let bytes = 0;
  let events = 0;
  const line = () => backfillLine({ bytes, size, events, elapsedMs: performance.now() - startedMs });
  const count = {
    read: (more: number) => {
      bytes += more;
    },
    sent: (more: number) => {
      events += more;
    },
  };
  if (!out.isTTY) {
    const timer = setInterval(() => out.write(`${line()}\n`), LINE_EVERY_MS).unref();
    return {
      ...count,
      retrying: (why, waitMs) => void out.write(`${why}; trying again in ${(waitMs / 1000).toFixed(1)} s\n`),
      stop: () => clearInterval(timer),
    };
  }
  const options = { stream: out, format: '{bar} {line}{note}', hideCursor: true, barsize: BAR_COLUMNS };
  const bar = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
  bar.start(Math.max(1, size ?? 1), 0, { line: line(), note: '' });
  let note = '';
  const tick = () => bar.update(size === null ? 0 : Math.min(bytes, size), { line: line(), note });
  const timer = setInterval(tick, TICK_MS).unref();
  return {
    read: count.read,
    sent: (sent) => {
      note = '';
      count.sent(sent);
    },
    retrying: (why) => {
      note = ` | ${why}`;
    },
    stop: () => {
      clearInterval(timer);
      tick();
      bar.stop();
    },
  };
}
