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
