/** One of the three roles, at work. */
export interface RunningRole {
  readonly port: number;
  /** Takes no new work, finishes what was taken. */
  stop(): Promise<void>;
}
