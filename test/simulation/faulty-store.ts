import type { Commit, Progress } from '../../src/metrics-store/commit.ts';
import type { MemoryMetricsStore } from '../../src/metrics-store/memory/memory-metrics-store.ts';
import { MetricsStoreError } from '../../src/metrics-store/metrics-store-error.ts';
import type { DeadLetter, PublishableRow } from '../../src/metrics-store/outbox.ts';
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

  async commit(commit: Commit): Promise<'applied' | 'fenced'> {
    const { chance, scheduler } = this.#world;
    await this.#host.send();
    this.#failBefore('commit');
    if (this.#world.isFaulty()) {
      // The client gives up, but what it sent is still on its way.
      scheduler.after(chance.int(0, 4000), () => void this.#world.applyCommit(this.#host.name, commit));
      throw unavailable('commit is under way and nobody knows how it ends');
    }
    const outcome = await this.#world.applyCommit(this.#host.name, commit);
    if (this.#world.isFaulty()) {
      await this.#host.pass(this.#world.latencyMs());
      throw unavailable('the answer to a commit was lost');
    }
    await this.#host.pass(this.#world.isFaulty() ? chance.int(0, 7000) : this.#world.latencyMs());
    return outcome;
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

  #failBefore(what: string): void {
    if (this.#world.isStoreDown || this.#world.isFaulty()) throw unavailable(what);
  }
}

function unavailable(what: string): MetricsStoreError {
  return new MetricsStoreError('unavailable', `Simulated: ${what}`);
}
