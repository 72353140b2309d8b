import { COOPERATIVE_STICKY_ASSIGNOR, Consumer, type GroupAssignment } from '@platformatic/kafka';
import { TOPICS } from '../../events/topics.ts';
import type { GroupListener, GroupMember, LogPosition } from '../event-log.ts';
import { backOff } from './backoff.ts';
import { clientOptions } from './client-options.ts';
import { asStorageError, isRetriable } from './kafka-errors.ts';
import type { KafkaSettings } from './kafka-settings.ts';

const SESSION_MS_MAX = 20_000;
const REBALANCE_MS_MAX = 60_000;
const HEARTBEAT_MS = 3_000;
/** After the library has given up joining again by itself. */
const REJOINS_MAX = 10;

/**
 * A member under the classic group protocol with the cooperative sticky assignor, for brokers without KIP-848
 * (Redpanda, Kafka before 4.0): incremental as well, so partitions that stay are not revoked.
 *
 * The library does not wait for a listener between losing a partition and telling the group, so for a moment the next
 * owner may start while the old one still works. That costs a refused commit, never a double count: the store
 * compares positions.
 */
export class ClassicProtocolMember implements GroupMember {
  readonly #consumer: Consumer;
  readonly #listener: GroupListener;
  readonly #leaving = new AbortController();
  readonly #owned = new Set<number>();
  #settled: Promise<void> = Promise.resolve();

  constructor(settings: KafkaSettings & { readonly groupId: string }, listener: GroupListener) {
    this.#listener = listener;
    this.#consumer = new Consumer({
      ...clientOptions(settings),
      groupId: settings.groupId,
      protocols: [{ name: COOPERATIVE_STICKY_ASSIGNOR, version: 1 }],
      sessionTimeout: SESSION_MS_MAX,
      rebalanceTimeout: REBALANCE_MS_MAX,
      heartbeatInterval: HEARTBEAT_MS,
    });
    this.#consumer.topics.track(TOPICS.requests);
    this.#consumer.on('consumer:group:join', ({ assignments }) => this.#follow(assignments ?? []));
    this.#consumer.on('consumer:group:rebalance', () => this.#follow(this.#consumer.assignments ?? []));
    // The library joins again by itself at a rebalance, and says so here when that failed for good.
    this.#consumer.on('error', (error: Error) => void this.#rejoin(error));
  }

  /** Resolves when the group has taken the member. Rejects with the library's errors. */
  async join(): Promise<void> {
    try {
      await this.#consumer.joinGroup({});
    } catch (error) {
      await this.#consumer.close(true).catch(() => undefined);
      throw error;
    }
  }

  async reportProgress(positions: readonly LogPosition[]): Promise<void> {
    if (!this.#consumer.isActive() || positions.length === 0) return;
    const offsets = positions.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      offset: BigInt(offset),
      leaderEpoch: -1,
    }));
    // For lag tools only: the next report comes soon, and the positions that count lie in the store.
    await this.#consumer.commit({ offsets }).catch(() => undefined);
  }

  async leave(): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    this.#leaving.abort();
    // Leaves the group as well. Where the broker cannot be told, the session times out, to the same end.
    await this.#consumer.close(true).catch(() => undefined);
    this.#owned.clear();
  }

  /** One change after another: the listener is never told of a partition while it still gives it back. */
  #follow(assignments: readonly GroupAssignment[]): void {
    const target = new Set(
      assignments.filter(({ topic }) => topic === TOPICS.requests).flatMap(({ partitions }) => partitions),
    );
    this.#settled = this.#settled.then(() => this.#reconcile(target)).catch(() => undefined);
  }

  async #reconcile(target: ReadonlySet<number>): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    const surplus = [...this.#owned].filter((partition) => !target.has(partition)).sort((a, b) => a - b);
    for (const partition of surplus) this.#owned.delete(partition);
    // A listener that fails to stop is stopped by the store, at its next commit.
    if (surplus.length > 0) await this.#listener.onRevoked(surplus).catch(() => undefined);
    const gained = [...target].filter((partition) => !this.#owned.has(partition)).sort((a, b) => a - b);
    for (const partition of gained) this.#owned.add(partition);
    if (gained.length > 0) this.#listener.onAssigned(gained);
  }

  async #rejoin(cause: Error): Promise<void> {
    let failure: unknown = cause;
    for (let attempt = 0; attempt < REJOINS_MAX && isRetriable(failure); attempt++) {
      await backOff(attempt, this.#leaving.signal);
      if (this.#leaving.signal.aborted) return;
      try {
        await this.#consumer.joinGroup({});
        return;
      } catch (error) {
        failure = error;
      }
    }
    if (this.#leaving.signal.aborted) return;
    this.#follow([]);
    await this.#settled;
    this.#listener.onLost(asStorageError(failure, 'Keeping the membership in the consumer group'));
  }
}
