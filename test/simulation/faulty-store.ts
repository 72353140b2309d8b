import type { Commit, CommitOutcome, Progress } from '../../src/metrics-store/commit.ts';
import type { MemoryMetricsStore } from '../../src/metrics-store/memory/memory-metrics-store.ts';
import type { DeadLetter, PublishableRow } from '../../src/metrics-store/outbox.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import type { Host } from './host.ts';
import type { World } from './world.ts';

/** What the processor and the publisher use of the store, over a network that loses, delays and doubles. */
export class FaultyStore {
  readonly #world: World;
  readonly #host: Host;

  constructor(world: World, host: Host) {
    this.#world = world;
    this.#host = host;
  }

  async loadProgress(partition: number): Promise<Progress | null> {
    return this.#ask('loadProgress', (store) => store.loadProgress(partition));
  }

  async readProgress(): Promise<ReadonlyMap<number, Progress>> {
    return this.#ask('readProgress', (store) => store.readProgress());
  }

  async commit(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const { chance, scheduler } = this.#world;
    await this.#host.send();
    this.#failBefore('commit');
    if (this.#world.isFaulty()) {
      // The client gives up, but what it sent is still on its way.
      scheduler.after(chance.int(0, 4000), () => void this.#world.applyCommits(this.#host.name, commits));
      await this.#takeOverOne(commits);
      throw unavailable('commit is under way and nobody knows how it ends');
    }
    const outcomes = await this.#world.applyCommits(this.#host.name, commits);
    if (this.#world.isFaulty()) {
      await this.#takeOverOne(commits);
      await this.#host.pass(this.#world.latencyMs());
      throw unavailable('the answer to a commit was lost');
    }
    await this.#host.pass(this.#world.isFaulty() ? chance.int(0, 7000) : this.#world.latencyMs());
    return outcomes;
  }

  async unpublishedRows(limit: number): Promise<readonly PublishableRow[]> {
    return this.#ask('unpublishedRows', (store) => store.unpublishedRows(limit));
  }

  async markRowsPublished(rows: readonly PublishableRow[]): Promise<void> {
    return this.#tell('markRowsPublished', (store) => store.markRowsPublished(rows));
  }

  async unpublishedDeadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#ask('unpublishedDeadLetters', (store) => store.unpublishedDeadLetters(limit));
  }

  async markDeadLettersPublished(letters: readonly DeadLetter[]): Promise<void> {
    return this.#tell('markDeadLettersPublished', (store) => store.markDeadLettersPublished(letters));
  }

  async #ask<T>(what: string, read: (store: MemoryMetricsStore) => Promise<T>): Promise<T> {
    await this.#host.pass(this.#world.latencyMs());
    this.#failBefore(what);
    const answer = await read(this.#world.store);
    await this.#host.pass(this.#world.latencyMs());
    return answer;
  }

  async #tell(what: string, write: (store: MemoryMetricsStore) => Promise<void>): Promise<void> {
    await this.#host.send();
    this.#failBefore(what);
    await write(this.#world.store);
    if (this.#world.isFaulty()) throw unavailable(`the answer to ${what} was lost`);
    await this.#host.pass(this.#world.latencyMs());
  }

  /** Before the group is sent again, one of its partitions may be somebody else's. */
  async #takeOverOne(commits: readonly Commit[]): Promise<void> {
    const { chance } = this.#world;
    if (chance.chance(0.2)) await this.#world.takeOver(chance.pick(commits).partition);
  }

  #failBefore(what: string): void {
    if (this.#world.isStoreDown || this.#world.isFaulty()) throw unavailable(what);
  }
}

function unavailable(what: string): StorageError {
  return new StorageError('unavailable', `Simulated: ${what}`);
}
