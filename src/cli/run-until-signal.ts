import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProgram } from '../app/programs/running-program.ts';

/** A stop that takes longer is cut: what was taken is in the log. */
const STOP_MS_MAX = 9500;

/**
 * Runs a program until SIGTERM or SIGINT. Then it goes on for `delayMs` while it says that it is not ready, and
 * finishes what it took. A second signal ends it at once. A part that fails for good ends it with exit code 1 and its
 * reason.
 *
 * @throws what kept it from starting
 */
export async function runUntilSignal(
  start: () => Promise<RunningProgram>,
  { delayMs, facts }: { delayMs: number; facts: object },
): Promise<void> {
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
  program.logger.info(facts, 'Started');
  for (const line of program.started) process.stderr.write(`${line}\n`);
  const failure = await Promise.race([signalled, program.failed]).then(
    () => null,
    (error: unknown) => error,
  );
  // Before the stop, which may be cut: a program never ends without its reason.
  if (failure !== null) process.stderr.write(`streamlens: ${(failure as Error).message}\n`);
  program.draining.begin();
  program.logger.info(failure === null ? { delayMs } : { reason: (failure as Error).message }, 'Stopping');
  if (failure === null && delayMs > 0) await sleep(delayMs);
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  await program.stop().catch((error: unknown) => {
    process.stderr.write(`streamlens: while stopping: ${(error as Error).message}\n`);
  });
  program.logger.info('Stopped');
  process.exit(failure === null ? 0 : 1);
}

/**
 * Ends the process once the caller has told of the failure: what had started before it (threads, the other port) would
 * keep it alive for ever.
 */
function endAfterTelling(): void {
  setImmediate(() => process.exit());
}
