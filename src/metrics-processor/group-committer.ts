import type { Commit } from '../metrics-store/commit.ts';
import { seriesKey } from '../tally/series.ts';
import { retry } from './retry.ts';
import type { OwnerPorts, ShardOwner } from './shard-owner.ts';

/**
 * Commits what the partitions of a process hold, all of them in one transaction. Calls are spread over partitions by
 * their id, so every partition adds to the rows of every series: together a row is written once instead of twelve
 * times, and nobody waits for the lock that the neighbour holds on it until the end of a commit.
 *
 * One commit is in flight at a time. What is folded meanwhile gathers for the next, so under load commits grow larger
 * and not more frequent.
 */
export class GroupCommitter {
  readonly #ports: OwnerPorts;
  #inFlight: Promise<void> | null = null;
  #startedMs = Number.NEGATIVE_INFINITY;

  constructor(ports: OwnerPorts) {
    this.#ports = ports;
  }

  get isBusy(): boolean {
    return this.#inFlight !== null;
  }

  /** Since the last commit was started; negative where the clock was set back. */
  get sinceMs(): number {
    return this.#ports.runtime.nowMs() - this.#startedMs;
  }

  /** Resolves when no commit is in flight. */
  async settled(): Promise<void> {
    await this.#inFlight?.catch(() => undefined);
  }

  /** Starts a commit unless one is in flight. @returns the one in flight; rejects when the store refuses for good */
  commit(owners: readonly ShardOwner[], signal: AbortSignal): Promise<void> {
    this.#inFlight ??= this.#commit(owners, signal).finally(() => {
      this.#inFlight = null;
    });
    return this.#inFlight;
  }

  /**
   * Commits all that was folded, for partitions that are given away or a process that stops: nothing more is folded
   * into them. It waits for the commit in flight, which may hold a part of theirs, but not for its turn among those
   * that follow. If that takes too long the rest is left to the next owner: committed later, it would only fence him.
   */
  async finish(owners: readonly ShardOwner[], signal: AbortSignal): Promise<void> {
    await this.settled();
    if (signal.aborted) return;
    await this.#commit(
      owners.filter(({ core }) => !core.effects.isEmpty),
      signal,
    );
  }

  async #commit(given: readonly ShardOwner[], signal: AbortSignal): Promise<void> {
    const { store, runtime, events, tracing } = this.#ports;
    const owners = given.filter((owner) => !owner.isVoid);
    if (owners.length === 0) return;
    const commits = owners.map((owner) => owner.cut());
    const startedMs = runtime.nowMs();
    this.#startedMs = startedMs;
    const trace = tracing?.committing(owners.map(({ shard }) => shard));
    const within = trace?.run ?? inNoTrace;
    const insist = () =>
      retry(() => store.commit(commits), {
        runtime,
        signal,
        onRetry: (error, fact) => events.retrying(`commit of ${namesOf(commits)}`, error, fact),
      });
    const outcomes = await within(insist).catch((error: unknown) => {
      trace?.end({ error: error as Error });
      for (const owner of owners) owner.commitGivenUp();
      throw error;
    });
    for (const [index, owner] of owners.entries()) owner.commitEnded(outcomes[index] ?? 'fenced');
    const applied = commits.filter((_, index) => outcomes[index] === 'applied');
    const tell = () => events.groupCommitted({ tookMs: runtime.nowMs() - startedMs, rows: rowCount(applied) });
    if (applied.length > 0) within(tell);
    trace?.end({ applied: applied.length });
  }
}

function inNoTrace<T>(work: () => T): T {
  return work();
}

function namesOf(commits: readonly Commit[]): string {
  const partitions = commits.map(({ partition }) => partition).join(', ');
  return commits.length === 1 ? `partition ${partitions}` : `partitions ${partitions}`;
}

/** Minute rows that the group added to, each once. */
function rowCount(commits: readonly Commit[]): number {
  const [first] = commits;
  // One partition has each of its rows once.
  if (first !== undefined && commits.length === 1) return first.tallies.length;
  const rows = new Set<string>();
  for (const { tallies } of commits) {
    for (const { series, windowStartMs } of tallies) rows.add(`${windowStartMs}\0${seriesKey(series)}`);
  }
  return rows.size;
}
