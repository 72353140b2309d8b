/** What a command started and how to end it. */
export interface RunningProgram {
  /** Lines that tell a person where everything is. */
  readonly started: readonly string[];
  /** Rejects when a part failed for good; never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}
