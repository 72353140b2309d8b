import cliProgress from 'cli-progress';

export interface Progress {
  advance(done: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/** A bar on a terminal; elsewhere a line every few seconds, so that a log stays readable. */
export function showProgress(total: number, what: string, out: NodeJS.WriteStream = process.stderr): Progress {
  return out.isTTY ? bar(total, what, out) : lines(total, what, out);
}

function bar(total: number, what: string, stream: NodeJS.WriteStream): Progress {
  const format = `{bar} {percentage} % | {value}/{total} ${what} | {duration_formatted}, {eta_formatted} to go`;
  const shown = new cliProgress.SingleBar({ stream, format, hideCursor: true }, cliProgress.Presets.shades_classic);
  shown.start(total, 0);
  return { advance: (done) => shown.increment(done), stop: () => shown.stop() };
}

function lines(total: number, what: string, out: NodeJS.WritableStream): Progress {
  let done = 0;
  let toldMs = Date.now();
  return {
    advance(count) {
      done += count;
      if (Date.now() - toldMs < LINE_EVERY_MS) return;
      toldMs = Date.now();
      out.write(`${done} of ${total} ${what}\n`);
    },
    stop() {
      out.write(`${done} of ${total} ${what}\n`);
    },
  };
}
