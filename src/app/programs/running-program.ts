import type { Draining } from '../../http/draining.ts';
import type { Logger } from '../../http/logger.ts';

/** What a command started and how to end it. */
export interface RunningProgram {
  readonly logger: Logger;
  /** To be begun before the stop. */
  readonly draining: Draining;
  /** Lines that tell a person where everything is. */
  readonly started: readonly string[];
  /** Rejects when a part failed for good; never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * A program that answers and does nothing by itself: what it needs may be away for a while, but no part of it fails for
 * good. Its parts are ended one after the other.
 */
export function answeringProgram(
  program: Pick<RunningProgram, 'logger' | 'draining' | 'started'>,
  endings: readonly (() => Promise<void>)[],
): RunningProgram {
  return {
    ...program,
    failed: new Promise(() => undefined),
    async stop(): Promise<void> {
      for (const end of endings) await end();
    },
  };
}
