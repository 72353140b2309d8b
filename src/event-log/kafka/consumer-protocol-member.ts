import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, consumerGroupHeartbeatV1, metadataV12, offsetCommitV9 } from '@platformatic/kafka';
import { TOPICS } from '../../events/topics.ts';
import type { GroupListener, GroupMember, LogPosition, NamedMember } from '../event-log.ts';
import { backOff } from './backoff.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnections } from './kafka-connections.ts';
import { asStorageError, isRetriable, kafkaErrorIds } from './kafka-errors.ts';

/** How long a member may take to give partitions back before the group goes on without it. */
const REBALANCE_MS_MAX = 60_000;
const UNCHANGED = -1;
const LEAVING = -1;
const JOINING = 0;
/** A broker works out who gets what a moment after it was told; until then an answer says nothing new. */
const HURRY_MS = 5_000;
const HURRIED_BEAT_MS = 500;

type HeartbeatResponse = Awaited<ReturnType<typeof consumerGroupHeartbeatV1.api.async>>;

/**
 * A member under Kafka's consumer group protocol (KIP-848): the broker assigns, members only say what they own.
 *
 *     beat ──answer has an assignment──▶ revoke what is not in it (beats go on meanwhile)
 *      ▲                                   │ then tell the new partitions
 *      └──────── at once, with what is owned now ◀──┘
 *
 * The broker gives a partition to its next owner only after the beat in which the old one no longer names it. What is
 * not touched by the change is never revoked. Errors: `FENCED_MEMBER_EPOCH` and `UNKNOWN_MEMBER_ID` mean that the
 * group went on without this member (it was silent too long): it revokes everything and joins again as new.
 *
 * Only `llm.requests` is subscribed; its partition numbers stand for all input topics. So partitions of one number can
 * never be torn apart, whatever assignor the broker uses.
 */
export class ConsumerProtocolMember implements GroupMember {
  readonly #coordinator: GroupCoordinator;
  readonly #connections: KafkaConnections;
  readonly #groupId: string;
  readonly #listener: GroupListener;
  readonly #memberId = randomUUID();
  readonly #leaving = new AbortController();
  readonly #owned = new Set<number>();
  #topicId = '';
  #epoch = JOINING;
  /** What the next beat tells beside "I am here". */
  #news: 'nothing' | 'owned' | 'everything' = 'everything';
  /** The newest assignment. The broker names it once, so it is kept also while an older one is still carried out. */
  #target: ReadonlySet<number> = new Set();
  #beatMs = 3_000;
  #hurriedUntilMs = Number.NEGATIVE_INFINITY;
  #reconciling: Promise<void> | null = null;
  #wakeUp = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(cluster: KafkaCluster, connections: KafkaConnections, groupId: string, listener: GroupListener) {
    this.#coordinator = new GroupCoordinator(cluster, connections, groupId);
    this.#connections = connections;
    this.#groupId = groupId;
    this.#listener = listener;
  }

  /** Resolves when the group has taken the member. @throws {StorageError} where it does not. */
  async join(): Promise<void> {
    await this.#findTopicId();
    await this.#beat();
    this.#running = this.#run();
  }

  async reportProgress(positions: readonly LogPosition[]): Promise<void> {
    if (this.#epoch <= JOINING || positions.length === 0) return;
    const topics = [...Map.groupBy(positions, (position) => position.topic)].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: '',
      })),
    }));
    try {
      await offsetCommitV9.api.async(
        await this.#coordinator.connect(),
        this.#groupId,
        this.#epoch,
        this.#memberId,
        null,
        topics,
      );
    } catch (error) {
      // For lag tools only: the next report comes soon, and the positions that count lie in the store.
      this.#noticeMovedCoordinator(error);
    }
  }

  async leave(): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    this.#leaving.abort();
    this.#wakeUp.abort();
    await this.#running;
    // Else the session times out, to the same end.
    await this.#send({ memberId: this.#memberId, epoch: LEAVING }).catch(() => undefined);
    this.#owned.clear();
  }

  get named(): NamedMember {
    return { id: this.#memberId, expel: (memberId) => this.#expel(memberId), hurry: () => this.#hurry() };
  }

  /** The protocol asks nobody who sends a leave: it is the member's id that leaves. */
  async #expel(memberId: string): Promise<void> {
    try {
      await this.#send({ memberId, epoch: LEAVING });
    } catch (error) {
      if (isFenced(error)) return; // The group has forgotten it already.
      this.#noticeMovedCoordinator(error);
      throw asStorageError(error, 'Telling the group that a member has ended');
    }
  }

  #hurry(): void {
    this.#hurriedUntilMs = performance.now() + HURRY_MS;
    this.#wakeUp.abort();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isOver(); ) {
      const isHurried = performance.now() < this.#hurriedUntilMs;
      await sleep(isHurried ? Math.min(HURRIED_BEAT_MS, this.#beatMs) : this.#beatMs, undefined, {
        signal: AbortSignal.any([this.#wakeUp.signal, this.#leaving.signal]),
      }).catch(() => undefined);
      this.#wakeUp = new AbortController();
      if (this.#isOver()) return;
      try {
        await this.#beat();
        failures = 0;
      } catch (error) {
        if (this.#isOver()) return;
        if (!isRetriable(error) && !isFenced(error)) {
          await this.#abandonOwned();
          this.#listener.onLost(asStorageError(error, 'Keeping the membership in the consumer group'));
          return;
        }
        if (isFenced(error)) await this.#rejoinAsNew();
        this.#noticeMovedCoordinator(error);
        await backOff(failures++, this.#leaving.signal);
        this.#wakeUp.abort();
      }
    }
  }

  async #beat(): Promise<void> {
    const news = this.#news;
    this.#news = 'nothing';
    let response: HeartbeatResponse;
    try {
      response = await this.#send({ memberId: this.#memberId, epoch: this.#epoch }, news);
    } catch (error) {
      // Question or answer were lost. Only to a full beat the broker repeats an assignment that it has sent before.
      this.#news = 'everything';
      throw error;
    }
    this.#epoch = response.memberEpoch;
    this.#beatMs = response.heartbeatIntervalMs;
    const { assignment } = response;
    if (assignment === null) return;
    const own = assignment.topicPartitions.filter(({ topicId }) => topicId === this.#topicId);
    this.#target = new Set(own.flatMap(({ partitions }) => partitions));
    this.#reconciling ??= this.#reconcile().finally(() => {
      this.#reconciling = null;
      if (this.#news === 'nothing') this.#news = 'owned';
      this.#wakeUp.abort();
    });
  }

  /** Beats go on while the listener revokes: it may have a batch to commit first. */
  async #reconcile(): Promise<void> {
    for (let target: ReadonlySet<number> | null = null; target !== this.#target; ) {
      target = this.#target;
      const goal = target;
      const surplus = [...this.#owned].filter((partition) => !goal.has(partition)).sort((a, b) => a - b);
      // A listener that fails to stop is stopped by the store, at its next commit.
      if (surplus.length > 0) await this.#revoke(surplus).catch(() => undefined);
      const gained = [...goal].filter((partition) => !this.#owned.has(partition)).sort((a, b) => a - b);
      if (gained.length === 0 || this.#isOver() || goal !== this.#target) continue;
      for (const partition of gained) this.#owned.add(partition);
      this.#listener.onAssigned(gained);
    }
  }

  async #revoke(partitions: readonly number[]): Promise<void> {
    try {
      await this.#listener.onRevoked(partitions);
    } finally {
      // Even where the listener failed: its next commit for them is refused by the store.
      for (const partition of partitions) this.#owned.delete(partition);
    }
  }

  async #rejoinAsNew(): Promise<void> {
    await this.#abandonOwned();
    this.#target = new Set();
    this.#epoch = JOINING;
    this.#news = 'everything';
  }

  async #abandonOwned(): Promise<void> {
    await this.#reconciling?.catch(() => undefined);
    if (this.#owned.size > 0) await this.#revoke([...this.#owned].sort((a, b) => a - b)).catch(() => undefined);
  }

  async #send(
    { memberId, epoch }: { readonly memberId: string; readonly epoch: number },
    news: 'nothing' | 'owned' | 'everything' = 'nothing',
  ): Promise<HeartbeatResponse> {
    const connection: Connection = await this.#coordinator.connect();
    const isFull = news === 'everything';
    const owned = this.#owned.size > 0 ? [{ topicId: this.#topicId, partitions: [...this.#owned] }] : [];
    return consumerGroupHeartbeatV1.api.async(
      connection,
      this.#groupId,
      memberId,
      epoch,
      null,
      null,
      isFull ? REBALANCE_MS_MAX : UNCHANGED,
      isFull ? [TOPICS.requests] : null,
      null,
      null,
      news === 'nothing' ? null : owned,
    );
  }

  async #findTopicId(): Promise<void> {
    const connection = await this.#connections.forBootstrap([]);
    const { topics } = await metadataV12.api.async(connection, [TOPICS.requests], false, false);
    this.#topicId = topics[0]?.topicId ?? '';
  }

  #noticeMovedCoordinator(error: unknown): void {
    const ids = kafkaErrorIds(error);
    if (ids.length === 0 || ids.some((id) => COORDINATOR_ERRORS.has(id))) this.#coordinator.forget();
  }

  #isOver(): boolean {
    return this.#leaving.signal.aborted || this.#connections.closed.aborted;
  }
}

const COORDINATOR_ERRORS: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
]);

function isFenced(error: unknown): boolean {
  return kafkaErrorIds(error).some((id) => id === 'FENCED_MEMBER_EPOCH' || id === 'UNKNOWN_MEMBER_ID');
}
