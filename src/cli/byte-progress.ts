import cliProgress from 'cli-progress';

export interface ShownProgress {
  readonly watch: (done: number, total: number) => void;
  readonly stop: () => void;
}

/** A bar on a terminal, nothing elsewhere: the sentence at the end says it all. */
export function showSteps(
  verb: string,
  sizeOf: (total: number) => string = (total) => total.toLocaleString('en'),
  out: NodeJS.WriteStream = process.stderr,
): ShownProgress {
  if (!out.isTTY) return { watch: () => undefined, stop: () => undefined };
  const format = `${verb} {bar} {percentage} % of {size}, {eta_formatted} left`;
  const bar = new cliProgress.SingleBar({ stream: out, format, hideCursor: true }, cliProgress.Presets.shades_classic);
  let isStarted = false;
  return {
    watch: (done, total) => {
      if (!isStarted) bar.start(total, 0, { size: sizeOf(total) });
      isStarted = true;
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
