import type { GroupListener } from '../event-log.ts';

/** One member as the group sees it. `owned` is what it was told and has not given back. */
interface Membership {
  readonly id: number;
  readonly listener: GroupListener;
  readonly owned: Set<number>;
}

/**
 * The processors' group of the memory log: every partition has one owner at most, and moves only after the old owner's
 * `onRevoked` has resolved.
 *
 * Deterministic and sticky: members are served in the order in which they joined, each keeps its lowest partitions up
 * to its share, and what is free goes to whoever lacks the most. Rebalances run one after another.
 */
export class MemoryGroup {
  #partitionCount: number;
  readonly #members: Membership[] = [];
  #memberIdNext = 0;
  #settled: Promise<void> = Promise.resolve();

  constructor(partitionCount: number) {
    this.#partitionCount = partitionCount;
  }

  /** There are more partitions than before, for the members to share. */
  async grow(partitionCount: number): Promise<void> {
    this.#partitionCount = partitionCount;
    await this.#rebalance();
  }

  /** Resolves with the member's id once its first partitions were told to the listener. */
  async join(listener: GroupListener): Promise<number> {
    const member: Membership = { id: this.#memberIdNext++, listener, owned: new Set() };
    this.#members.push(member);
    await this.#rebalance();
    return member.id;
  }

  /** The member's partitions go to the others. It is neither asked nor told. */
  async leave(id: number): Promise<void> {
    if (this.#remove(id)) await this.#rebalance();
  }

  #remove(id: number): Membership | undefined {
    const index = this.#members.findIndex((member) => member.id === id);
    return index < 0 ? undefined : this.#members.splice(index, 1)[0];
  }

  #rebalance(): Promise<void> {
    // A listener that throws fails the join or leave that called it, never the rebalances that come later.
    this.#settled = this.#settled.catch(() => undefined).then(() => this.#settle());
    return this.#settled;
  }

  async #settle(): Promise<void> {
    const shares = sharesOf(this.#members, this.#partitionCount);
    await Promise.all(this.#members.map((member) => this.#revoke(member, shares.get(member.id) ?? new Set())));
    for (const member of this.#members) {
      const gained = [...(shares.get(member.id) ?? [])].filter((partition) => !member.owned.has(partition));
      if (gained.length === 0) continue;
      for (const partition of gained) member.owned.add(partition);
      member.listener.onAssigned(gained);
    }
  }

  async #revoke(member: Membership, share: ReadonlySet<number>): Promise<void> {
    const surplus = [...member.owned].filter((partition) => !share.has(partition)).sort((a, b) => a - b);
    if (surplus.length === 0) return;
    try {
      await member.listener.onRevoked(surplus);
    } catch (cause) {
      // It may still be at work on them: as a member it is gone, and its share is dealt out in the next round.
      if (this.#remove(member.id)) void this.#rebalance();
      member.listener.onLost(new Error('The member could not give its partitions back', { cause }));
    }
    for (const partition of surplus) member.owned.delete(partition);
  }
}

/** Who should own what, moving as little as possible. */
function sharesOf(members: readonly Membership[], partitionCount: number): Map<number, Set<number>> {
  const shares = new Map<number, Set<number>>();
  const free = new Set(Array.from({ length: partitionCount }, (_, partition) => partition));
  members.forEach((member, index) => {
    const kept = [...member.owned].sort((a, b) => a - b).slice(0, shareMax(index, members.length, partitionCount));
    for (const partition of kept) free.delete(partition);
    shares.set(member.id, new Set(kept));
  });
  members.forEach((member, index) => {
    const share = shares.get(member.id) ?? new Set();
    for (const partition of free) {
      if (share.size >= shareMax(index, members.length, partitionCount)) break;
      share.add(partition);
      free.delete(partition);
    }
  });
  return shares;
}

/** The first members get one more where it does not come out even. */
function shareMax(index: number, memberCount: number, partitionCount: number): number {
  return Math.floor(partitionCount / memberCount) + (index < partitionCount % memberCount ? 1 : 0);
}
