import type { RunningProgram } from '../app/programs/running-program.ts';

/** A stop that takes longer is cut: what was taken is in the log. */
const STOP_MS_MAX = 9500;

/**
 * Runs a program until SIGTERM or SIGINT, then lets it finish what it took. A second signal ends it at once.
 * A part that fails for good ends it with exit code 1 and its reason.
 *
 * @throws what kept it from starting
 */
export async function runUntilSignal(start: () => Promise<RunningProgram>): Promise<void> {
  const signalled = new Promise<'signal'>((resolve) => {
    let count = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(1);
        resolve('signal');
      });
    }
  });
  const program = await Promise.race([start(), signalled]).catch((error: unknown) => {
    endAfterTelling();
    throw error;
  });
  // While it was starting (or waiting for a broker) nothing was taken that would have to be finished.
  if (program === 'signal') process.exit(0);
  for (const line of program.started) process.stderr.write(`${line}\n`);
  const failure = await Promise.race([signalled, program.failed]).then(
    () => null,
    (error: unknown) => error,
  );
  // Before the stop, which may be cut: a program never ends without its reason.
  if (failure !== null) process.stderr.write(`streamlens: ${(failure as Error).message}\n`);
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  await program.stop().catch((error: unknown) => {
    process.stderr.write(`streamlens: while stopping: ${(error as Error).message}\n`);
  });
  process.exit(failure === null ? 0 : 1);
}

/**
 * Ends the process once the caller has told of the failure: what had started before it (threads, the other port) would
 * keep it alive for ever.
 */
function endAfterTelling(): void {
  setImmediate(() => process.exit());
}
