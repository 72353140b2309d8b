import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Tracing of StreamLens itself. Whoever is given none does nothing for it: no span, no header, no library is loaded.
 *
 *     HTTP request (server) → send (producer) → the record carries `traceparent` → process (consumer) → fold, commit
 *
 * `process` lasts from the reading of a record until its commit is durable, so it is how long the event took to be
 * readable. Records of many traces are folded and committed together: `fold` and `commit` belong to the first of these
 * traces and link to the others.
 */
export interface Tracing {
  /** Runs `handle` inside a server span, which ends with the answer. A `traceparent` of the request is continued. */
  serve(exchange: Exchange, handle: () => void): void;
  /** Names the active server span by the route that took the request. */
  routed(route: string): void;
  /** Sends records inside a producer span; each carries its context. */
  send<T extends SentRecord>(records: readonly T[], append: (records: readonly T[]) => Promise<void>): Promise<void>;
  /** Folds a slice of a shard; the records of sampled traces wait for their commit from then on. */
  fold<S extends ReadSlice>(shard: number, slice: S, work: (slice: S) => void): void;
  /** A commit of what these shards have folded begins. */
  committing(shards: readonly number[]): CommitTrace;
  /** For each line of the log: of which trace and span it is; empty outside of spans. */
  readonly logIds: () => Readonly<Record<string, string>>;
  /** Sends what waits to be sent, for a while. */
  close(): Promise<void>;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path where it is a route as it stands; what has parameters is told by `routed`. */
  readonly route: string | undefined;
}

export interface SentRecord {
  readonly topic: string;
  readonly traceparent?: string;
}

export interface ReadSlice {
  readonly topic: string;
  readonly partition: number;
  readonly records: Iterable<{ readonly traceparent?: string }>;
}

export interface CommitTrace {
  /** What is logged in `work` carries the commit's ids. */
  readonly run: <T>(work: () => T) => T;
  end(outcome: { readonly error?: Error; readonly applied?: number }): void;
}

/** An export by StreamLens carries it, so that a StreamLens that receives one makes no spans of that. */
export const OWN_EXPORT_HEADER = 'x-streamlens-export';
