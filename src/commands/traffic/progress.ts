import cliProgress from 'cli-progress';
import { grouped, percent, timeLeft } from './time-left.ts';

export interface Progress {
  advance(done: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5000;
const BAR_COLUMNS = 24;

/** A bar on a terminal; elsewhere a line every few seconds, so that a log stays readable. */
export function showProgress(total: number, what: string, out: NodeJS.WriteStream = process.stderr): Progress {
  return out.isTTY ? bar(total, what, out) : lines(total, what, out);
}

function bar(total: number, what: string, stream: NodeJS.WriteStream): Progress {
  const options = { stream, format: '{bar} {line}', hideCursor: true, barsize: BAR_COLUMNS };
  const shown = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
  const startedMs = performance.now();
  let done = 0;
  const line = () => {
    const left = timeLeft({ elapsedMs: performance.now() - startedMs, done, total });
    return `${percent(done, total)} | ${grouped(done)}/${grouped(total)} ${what}${left}`;
  };
  shown.start(total, 0, { line: line() });
  return {
    advance: (more) => {
      done += more;
      shown.increment(more, { line: line() });
    },
    stop: () => shown.stop(),
  };
}

function lines(total: number, what: string, out: NodeJS.WritableStream): Progress {
  let done = 0;
  let writtenMs = Date.now();
  return {
    advance(count) {
      done += count;
      if (Date.now() - writtenMs < LINE_EVERY_MS) return;
      writtenMs = Date.now();
      out.write(`${grouped(done)} of ${grouped(total)} ${what}\n`);
    },
    stop() {
      out.write(`${grouped(done)} of ${grouped(total)} ${what}\n`);
    },
  };
}
