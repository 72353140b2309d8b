/** One of the three roles, at work. */
export interface RunningRole {
  readonly port: number;
  /** Takes no new work, finishes what was taken. */
  stop(): Promise<void>;
}

/** The ingestion API, which takes OTLP over gRPC on a port of its own. */
export interface RunningIngestion extends RunningRole {
  /** Undefined where it is off, or another process has the port. */
  readonly grpcPort: number | undefined;
}
