/** A processor that entered and did not leave. */
export interface RosterEntry {
  readonly id: string;
  /** Its connection to the store's server has ended, as that of a process that was killed does at once. */
  readonly isGone: boolean;
}

export interface RosterLook {
  /** Names the connection that looked. A new name: the connection broke, and perhaps those of all others as well. */
  readonly sight: string;
  /** How long the server runs; after a start nobody had time to come back yet. */
  readonly serverUptimeMs: number;
  /** All but the one that looks. */
  readonly others: readonly RosterEntry[];
}

/**
 * Which processors live, as the server of a shared store sees it: by connections, which the operating system closes
 * with a process, however that ends. A process that pauses keeps its own. It decides nothing: the store's compare and
 * set does.
 */
export interface Roster {
  /** Looks who is there, and enters `id` where that is not there by this connection. @throws {StorageError} */
  look(id: string): Promise<RosterLook>;
  /** @throws {StorageError} */
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}
