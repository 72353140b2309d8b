import cliProgress from 'cli-progress';
import type { BackfillWatch } from './backfill.ts';

export interface ShownProgress extends BackfillWatch {
  retrying(why: string, waitMs: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;
const TICK_MS = 250;
const MIB = 1024 * 1024;

/** A bar with bytes, events a second and the time to go on a terminal; elsewhere a line every few seconds. */
export function showBackfillProgress(size: number | null, out: NodeJS.WriteStream = process.stderr): ShownProgress {
  const startedMs = performance.now();
  let bytes = 0;
  let events = 0;
  const rate = () => Math.round(events / Math.max(0.001, (performance.now() - startedMs) / 1000));
  const line = () => {
    const share = size === null || size === 0 ? '' : ` (${Math.floor((100 * Math.min(bytes, size)) / size)} %)`;
    return `${(bytes / MIB).toFixed(1)} MiB${share}, ${events} events, ${rate()}/s`;
  };
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
  const format = `{bar} {percentage} % | {line} | {duration_formatted}, {eta_formatted} to go {note}`;
  const bar = new cliProgress.SingleBar({ stream: out, format, hideCursor: true }, cliProgress.Presets.shades_classic);
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
      note = `| ${why}`;
    },
    stop: () => {
      clearInterval(timer);
      tick();
      bar.stop();
    },
  };
}
